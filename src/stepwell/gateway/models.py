"""The old place of stepwell.models.service_model, for modules that still import it from here."""

from stepwell.models.service_model import OperationModel, ServiceModel, known_services, load

__all__ = ["OperationModel", "ServiceModel", "known_services", "load"]
