"""Deployer: the cost-guarded multi-cloud deployment manager for fine-tuned language models."""

__version__ = "0.1.0"
