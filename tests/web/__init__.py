"""Tests of everything that knows HTTP."""
