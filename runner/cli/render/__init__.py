"""What verbs print, as text: tables, plans, progress, drawings. Pure, but for the display that moves."""
