"""Who may call which endpoint: one table. An endpoint that is not in it is closed to keys.

A person and the account's token may do all that the table does not keep for people; a key needs the scope.
"""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

from merpati.accounts.key_model import Scope


class Callers(Enum):
    """Whoever is meant where no scope decides."""

    PEOPLE = "people"
    """Only who has signed in: what concerns passwords, sessions and keys themselves."""
    KNOWN = "known"
    """Everybody who was let in."""


Needed: TypeAlias = Scope | Callers

_PEOPLE, _KNOWN, _S = Callers.PEOPLE, Callers.KNOWN, Scope
NEEDED: Mapping[str, Needed] = {
    "getSession": _KNOWN,
    "signOut": _PEOPLE,
    "listSessions": _PEOPLE,
    "revokeSession": _PEOPLE,
    "revokeOtherSessions": _PEOPLE,
    "updateMe": _PEOPLE,
    "changePassword": _PEOPLE,
    "enrolTotp": _PEOPLE,
    "confirmTotp": _PEOPLE,
    "disableTotp": _PEOPLE,
    "rotateAccountToken": _PEOPLE,
    "listKeys": _PEOPLE,
    "getKey": _PEOPLE,
    "makeKey": _PEOPLE,
    "changeKey": _PEOPLE,
    "rotateKey": _PEOPLE,
    "revokeKey": _PEOPLE,
    "getHome": _S.DEVICES_READ,
    "getActivity": _S.DEVICES_READ,
    "listDevices": _S.DEVICES_READ,
    "getDevice": _S.DEVICES_READ,
    "listConnections": _S.DEVICES_READ,
    "getWindow": _S.MESSAGES_READ,
    "getCaution": _S.DEVICES_READ,
    "endPause": _S.DEVICES_MANAGE,
    "listGroups": _S.DEVICES_READ,
    "readGroups": _S.DEVICES_READ,
    "listTransports": _KNOWN,
    "addDevice": _S.DEVICES_MANAGE,
    "changeDevice": _S.DEVICES_MANAGE,
    "connectDevice": _S.DEVICES_MANAGE,
    "disconnectDevice": _S.DEVICES_MANAGE,
    "pairDevice": _S.DEVICES_MANAGE,
    "deleteDevice": _PEOPLE,
    "getOfficial": _S.DEVICES_MANAGE,
    "setOfficial": _S.DEVICES_MANAGE,
    "tellAddress": _S.DEVICES_MANAGE,
    "getOfficialNumber": _S.DEVICES_READ,
    "listTemplates": _S.DEVICES_READ,
    "readTemplates": _S.DEVICES_READ,
    "revealDeviceToken": _S.DEVICES_TOKENS,
    "rotateDeviceToken": _S.DEVICES_TOKENS,
    "listMessages": _S.MESSAGES_READ,
    "countMessages": _S.MESSAGES_READ,
    "getMessage": _S.MESSAGES_READ,
    "getMessageThumbnail": _S.MESSAGES_READ,
    "sendMessages": _S.MESSAGES_SEND,
    "previewMessages": _S.MESSAGES_SEND,
    "cancelMessage": _S.MESSAGES_SEND,
    "rescheduleMessage": _S.MESSAGES_SEND,
    "sendMessageNow": _S.MESSAGES_SEND,
    "resendMessage": _S.MESSAGES_SEND,
    "editMessage": _S.MESSAGES_SEND,
    "revokeMessage": _S.MESSAGES_SEND,
    "uploadFile": _S.MESSAGES_SEND,
    "listFiles": _S.MESSAGES_SEND,
    "getFile": _S.MESSAGES_SEND,
    "deleteFile": _S.MESSAGES_SEND,
    "getFileThumbnail": _S.MESSAGES_SEND,
    "getFileRules": _KNOWN,
    "listBatches": _S.MESSAGES_READ,
    "getBatch": _S.MESSAGES_READ,
    "cancelBatch": _S.MESSAGES_SEND,
    "checkNumbers": _S.MESSAGES_SEND,
    "showTyping": _S.MESSAGES_SEND,
    "listRotators": _S.ROTATORS_MANAGE,
    "addRotator": _S.ROTATORS_MANAGE,
    "getRotator": _S.ROTATORS_MANAGE,
    "changeRotator": _S.ROTATORS_MANAGE,
    "deleteRotator": _S.ROTATORS_MANAGE,
    "listWebhooks": _S.WEBHOOKS_READ,
    "getWebhook": _S.WEBHOOKS_READ,
    "listCalls": _S.WEBHOOKS_READ,
    "listDeadLetters": _S.WEBHOOKS_READ,
    "addWebhook": _S.WEBHOOKS_MANAGE,
    "changeWebhook": _S.WEBHOOKS_MANAGE,
    "deleteWebhook": _S.WEBHOOKS_MANAGE,
    "setWebhooks": _S.WEBHOOKS_MANAGE,
    "revealSecret": _S.WEBHOOKS_MANAGE,
    "rotateSecret": _S.WEBHOOKS_MANAGE,
    "testWebhook": _S.WEBHOOKS_MANAGE,
    "tryWebhookNow": _S.WEBHOOKS_MANAGE,
    "replayDeadLetter": _S.WEBHOOKS_MANAGE,
    "dropDeadLetter": _S.WEBHOOKS_MANAGE,
    "listReplays": _S.WEBHOOKS_READ,
    "previewReplay": _S.WEBHOOKS_READ,
    "addReplay": _S.WEBHOOKS_MANAGE,
    "stopReplay": _S.WEBHOOKS_MANAGE,
    "fetchEvents": _S.EVENTS_READ,
    "ackEvents": _S.EVENTS_READ,
    "listConsumers": _S.EVENTS_READ,
    "deleteConsumer": _S.EVENTS_READ,
    "followEvents": _S.EVENTS_READ,
    "listRequests": _S.REQUESTS_READ,
    "getRequest": _S.REQUESTS_READ,
    "getSimulator": _S.SIMULATOR_USE,
    "addPerson": _S.SIMULATOR_USE,
    "updatePerson": _S.SIMULATOR_USE,
    "blockDevice": _S.SIMULATOR_USE,
    "unblockDevice": _S.SIMULATOR_USE,
    "getChat": _S.SIMULATOR_USE,
    "sayAsPerson": _S.SIMULATOR_USE,
    "typeOnPhone": _S.SIMULATOR_USE,
    "voteAsPerson": _S.SIMULATOR_USE,
    "chooseAsPerson": _S.SIMULATOR_USE,
    "readAsPerson": _S.SIMULATOR_USE,
    "scanCode": _S.SIMULATOR_USE,
    "startFault": _S.SIMULATOR_USE,
    "stopFault": _S.SIMULATOR_USE,
    "followSimulator": _S.SIMULATOR_USE,
}
"""By `operation_id`: every endpoint that is not open to strangers."""


def needed_by(operation_id: str | None) -> Needed:
    """What calling this endpoint takes; of one that nobody has put into the table: a person."""
    return NEEDED.get(operation_id or "", Callers.PEOPLE)
