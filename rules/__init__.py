"""From answers to `fn`: fn_template_needs_cookiecutter_2_3_or_newer.py imports this package for Jinja."""
