"""The shipped price list: dated, sourced figures as data, never as code."""

from deployer.pricebook.shipped import load

__all__ = ["load"]
