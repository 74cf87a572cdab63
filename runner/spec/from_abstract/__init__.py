"""An abstract representation → the file that writes it out."""
