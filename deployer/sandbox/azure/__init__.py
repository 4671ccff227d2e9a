"""The parts of Azure that stand beside the models: identity, resources, metrics, costs, prices."""
