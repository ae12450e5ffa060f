"""The commands of the program, one a module; what several of them share."""
