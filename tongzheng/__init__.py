"""Tongzheng 通政: a city's digital government, as one program."""

__version__ = "0.1.0"
