"""Models assessed, and what is measured of data and models from quarter to quarter."""
