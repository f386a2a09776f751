"""The tests, laid out like donations/. Helpers are factories.py (things to test with) and fixtures/ (places to do it)."""
