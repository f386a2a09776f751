"""The tests, laid out like donations/. Helpers: factories.py (things to test with), fixtures/ (places to do it in)."""
