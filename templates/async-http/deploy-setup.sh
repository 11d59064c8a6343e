{% include "http/deploy-setup.sh" %}
