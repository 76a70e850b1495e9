"""Everything below `/messages`."""

from litestar import Router

from merpati.api.v1.message_changes import (
    post_cancel,
    post_edit,
    post_reschedule,
    post_resend,
    post_revoke,
    post_send_now,
)
from merpati.api.v1.messages import get_counts, get_message, get_messages
from merpati.api.v1.previewing import post_preview
from merpati.api.v1.sending import post_messages
from merpati.api.v1.thumbnails import get_message_thumbnail


def messages_router() -> Router:
    return Router(
        "/messages",
        route_handlers=[
            get_messages,
            get_counts,
            get_message,
            get_message_thumbnail,
            post_messages,
            post_preview,
            post_cancel,
            post_reschedule,
            post_send_now,
            post_resend,
            post_edit,
            post_revoke,
        ],
        tags=["Messages"],
    )
