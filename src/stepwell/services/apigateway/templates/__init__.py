"""Mapping templates: the Velocity Template Language as API Gateway has it.

Our own, since a template must neither reach Python objects nor run for ever: values are JSON, the
methods are a table, and steps, loops, text and nesting are bounded (`limits`).
"""

from stepwell.services.apigateway.templates.evaluate import render
from stepwell.services.apigateway.templates.limits import BodyTrouble, TemplateTrouble
from stepwell.services.apigateway.templates.parse import parse_template
from stepwell.services.apigateway.templates.syntax import Template

__all__ = ["BodyTrouble", "Template", "TemplateTrouble", "parse_template", "render"]
