{% set main %}{% include cookiecutter.trigger ~ "/main.py" %}{% endset %}
{% set script %}{% include cookiecutter.trigger ~ "/script.py" %}{% endset %}
{{ main | trim if fn.local else fn.in_one_file(main, script) }}
