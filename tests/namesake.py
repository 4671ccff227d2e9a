"""A second account of a name that is known already: older, in another subscription."""

from deployer.sandbox.process import Sandbox

OURS, THEIRS = "aoai-dev-eastus2", "aoai-dev-eastus2@11111111.rg-models"
PATH = f"/subscriptions/{{}}/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/{OURS}"


def show_older(sandbox: Sandbox) -> None:
    """From now on it comes into sight beside the sandbox's own, with a deployment `support` of another model."""
    known, twin_id = PATH.format(sandbox.env["AZURE_SUBSCRIPTION_ID"]), PATH.format("11111111-0000")
    both = [
        {"id": one, "kind": "OpenAI", "location": "eastus2", "properties": {"dateCreated": born}}
        for one, born in ((known, "2026-02-02"), (twin_id, "2026-01-01"))
    ]
    twin = {"id": f"{twin_id}/deployments/support", "name": "support", "sku": {"name": "Standard", "capacity": 1}}
    model = {"format": "OpenAI", "name": "gpt-4.1", "version": "2025-04-14"}
    twin["properties"] = {"model": model, "provisioningState": "Succeeded"}
    answer = {"kind": "status", "status": 200}
    sandbox.client.fault({**answer, "operation": "graph.resources", "body": {"data": both, "totalRecords": 2}})
    sandbox.client.fault({**answer, "path": "11111111-0000.*deployments/support", "body": twin})
    sandbox.client.fault({**answer, "path": "11111111-0000.*deployments", "body": {"value": [twin]}})
    sandbox.client.fault({**answer, "path": "11111111-0000.*locks", "body": {"value": []}})
