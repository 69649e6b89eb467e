"""Drawn processes: BPMN 2.0 read, kept without loss, checked, run and written back."""
