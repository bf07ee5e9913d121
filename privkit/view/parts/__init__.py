"""What all views share: words, markup, styles, and the parts of panels."""
