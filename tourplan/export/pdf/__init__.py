"""What is printed: PDF pages made from templates, by kind of page."""
