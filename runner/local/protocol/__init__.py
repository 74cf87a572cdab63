"""What goes over the wire: bodies, answers, query values, messages, links. Pure."""
