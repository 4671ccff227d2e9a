"""A server whose certificate nobody here trusts: a proxy that looks into traffic, a private cloud.

Asking again does not help, and credentials are not what is wrong: somebody must say whom to trust.
"""

MISTRUSTED = "CERTIFICATE_VERIFY_FAILED"
"""What OpenSSL says, through every client."""
WHOM = "DEPLOYER_CA_BUNDLE can name whom to trust"
TRUST = (
    "set DEPLOYER_CA_BUNDLE to a PEM file with the authority that signed for that server, or for the proxy before it"
)


def is_mistrusted(error: BaseException) -> bool:
    """Whether a connection failed because of the certificate that the other side showed."""
    return MISTRUSTED in str(error)
