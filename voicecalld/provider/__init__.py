"""Carriers as translators: values in, values out, and nothing is ever sent from here."""
