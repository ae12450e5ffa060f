"""From a ``Problem`` to the best plan and its proof.

``variables`` holds the decisions, ``rules`` one function a rule, ``objectives`` one a level,
``solve`` takes the levels in order, ``mip`` minimises, ``solvers`` is the only file that knows
OR-Tools.
"""
