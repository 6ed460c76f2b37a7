"""Every code of the socket as a value: why a socket is closed, and why a request is refused.

Close codes by range: 4000-4099 come again at once and resume, 4100-4199 come again later (with a back-off),
4400-4499 do not come again by yourself: something has to change first. Refusal codes are catalogue keys: pages
translate them, and never show `meaning` or `way_out`, which are for the people who build on this protocol.
"""

from dataclasses import dataclass
from typing import Final, Literal

ComeAgain = Literal["at_once", "later", "never"]
_RANGES: Final[dict[ComeAgain, range]] = {
    "at_once": range(4000, 4100),
    "later": range(4100, 4200),
    "never": range(4400, 4500),
}


def come_again(code: int) -> ComeAgain:
    """Whether a client whose socket was closed with `code` should come again. Codes of the standard count as `later`,
    except 1009 (message too big) and 1003/1007/1008 (not what we speak), which will not get better by repeating."""
    for when, codes in _RANGES.items():
        if code in codes:
            return when
    return "never" if code in (1002, 1003, 1007, 1008, 1009) else "later"


@dataclass(frozen=True, slots=True)
class CloseCode:
    """A reason to close. `words` go out as the close reason (at most 123 bytes) and into logs."""

    name: str
    code: int
    words: str

    @property
    def come_again(self) -> ComeAgain:
        return come_again(self.code)


@dataclass(frozen=True, slots=True)
class RefusalCode:
    """A reason to refuse: what it means in one line, and the way out."""

    name: str
    meaning: str
    way_out: str


CLOSES: Final[dict[str, CloseCode]] = {
    close.name: close
    for close in (
        CloseCode("slow_reader", 4000, "too much unread: come again and resume"),
        CloseCode("server_going", 4001, "this server process is stopping: come again and resume"),
        CloseCode("silent", 4002, "nothing heard for too long: come again and resume"),
        CloseCode("sign_in_renewed", 4003, "this browser has signed in anew: come again and resume"),
        CloseCode("overloaded", 4100, "no room for another connection now"),
        CloseCode("too_many_connections", 4101, "too many connections of this member or address"),
        CloseCode("auth_timeout", 4102, "no hello in time"),
        CloseCode("store_unavailable", 4103, "the live store does not answer"),
        CloseCode("flooding", 4104, "too many messages"),
        CloseCode("bad_messages", 4400, "too many messages that make no sense"),
        CloseCode("bad_token", 4401, "the sign-in was not accepted"),
        CloseCode("token_expired", 4402, "the sign-in has ended: sign in again"),
        CloseCode("blocked", 4403, "this member may not connect"),
        CloseCode("no_such_pool", 4404, "no pool of that name"),
        CloseCode("bad_subprotocol", 4405, "this server speaks openline.v1.msgpack and openline.v1.json"),
    )
}

REFUSALS: Final[dict[str, RefusalCode]] = {
    refusal.name: refusal
    for refusal in (
        # the frame
        RefusalCode("malformed", "The frame is not a message.", "Send a map with the fields of wire/messages.py."),
        RefusalCode("unknown_message", "No message has this name.", "See `openline schema`."),
        RefusalCode("unknown_field", "The message has a field it does not know.", "Leave the field out."),
        RefusalCode("bad_field", "A field is missing or has a value it can't have.", "Correct the field named."),
        RefusalCode("too_long", "A field is longer than allowed.", "Shorten the field named."),
        RefusalCode("bad_message", "The message makes no sense now.", "Send `hello` first, and only once."),
        # who you are
        RefusalCode("not_signed_in", "This needs a signed-in user.", "Sign in."),
        RefusalCode("not_allowed", "This role may not do that.", "Sign in with another role."),
        RefusalCode("bad_token", "The token was not accepted.", "Get a new one."),
        RefusalCode("no_such_pool", "No pool has this name.", "Correct the name."),
        RefusalCode("blocked", "The operator has blocked this member.", "Ask the operator."),
        RefusalCode("link_unknown", "The sign-in link is none of ours.", "Ask for a new one."),
        RefusalCode("link_used", "The sign-in link was used already.", "Ask for a new one."),
        RefusalCode("link_expired", "The sign-in link has expired.", "Ask for a new one."),
        RefusalCode("wrong_password", "The address or the password is wrong.", "Correct them, or sign in by mail."),
        RefusalCode("sign_in_again", "The sign-in is too old for that.", "Sign in by mail, then ask again."),
        RefusalCode("password_short", "The password is too short.", "Take ten characters or more."),
        RefusalCode("password_long", "The password is too long.", "Take 256 characters or fewer."),
        RefusalCode("password_guessable", "The password is one of the first to be guessed.", "Take another."),
        RefusalCode("expert_has_account", "Another account keeps this expert's profile.", "Invite that address."),
        RefusalCode("no_account", "The sign-in has no account.", "Sign up first."),
        RefusalCode("sign_in_unavailable", "The sign-in can't be checked now.", "Come again in a minute."),
        RefusalCode("sign_in_failed", "The provider's sign-in was not accepted.", "Begin again."),
        RefusalCode("not_confirmed", "That is not how you are called here.", "Type your address or your name."),
        RefusalCode("no_visitors", "This pool lets nobody in without an account.", "Sign in."),
        RefusalCode("no_such_provider", "This pool has no other site to sign in at.", "Sign in here."),
        RefusalCode("wrong_origin", "A page of this origin may not do that over HTTP.", "Use the server's own pages."),
        RefusalCode("rate_limited", "Too many requests.", "Wait `retry_after_ms`."),
        # the house
        RefusalCode("store_unavailable", "The live store does not answer.", "Repeat with the same `op`."),
        RefusalCode("internal", "Something failed on our side.", "Repeat with the same `op`; then tell the operator."),
        # lines
        RefusalCode("already_in_line", "One ticket per user and pool.", "Switch, or leave first."),
        RefusalCode("no_expert", "No expert is named.", "Name at least one."),
        RefusalCode("unknown_expert", "No expert of this pool has this name.", "Choose another."),
        RefusalCode("expert_offline", "The expert is offline.", "Come back later or choose another."),
        RefusalCode("expert_away", "The expert is away.", "Join the line instead."),
        RefusalCode("expert_busy", "The expert is busy, or others wait ready.", "Join the line instead."),
        RefusalCode("mode_not_offered", "The expert does not offer this mode.", "Choose another mode or expert."),
        RefusalCode("line_closed", "The expert is outside the hours.", "Come back in the hours."),
        RefusalCode("line_full", "The line is full.", "Choose another expert or come back later."),
        RefusalCode("too_many_lines", "A ticket may stand in fewer lines.", "Choose fewer experts."),
        RefusalCode("duplicate_expert", "An expert is named twice.", "Name each once."),
        RefusalCode("not_in_line", "You do not stand in that line.", "Join it."),
        RefusalCode("same_line", "You already stand in that line.", "Nothing to do."),
        RefusalCode("no_ticket", "You do not stand in any line.", "Join one."),
        RefusalCode("no_such_ticket", "There is no such ticket in a line.", "Look at the line again."),
        RefusalCode("too_long_away", "The pool allows a shorter absence.", "Ask for less."),
        # offers and sessions
        RefusalCode("offer_open", "An offer is open.", "Accept or decline it first."),
        RefusalCode("in_session", "You are in a session.", "End it first."),
        RefusalCode("no_such_offer", "There is no such offer for you.", "Wait for the next."),
        RefusalCode("no_such_session", "There is no such session for you.", "Nothing to do."),
        RefusalCode("session_over", "The session has ended.", "Nothing to do."),
        RefusalCode("not_in_wrap_up", "There is no wrap-up to finish.", "Nothing to do."),
        RefusalCode("chat_full", "The chat holds as many messages as it can.", "End the session and begin another."),
        RefusalCode("bad_status", "There is no such status.", "Declare online, away or offline."),
        RefusalCode("expert_in_session", "The expert is in a session.", "End it first."),
        RefusalCode("bad_place", "A ticket goes to the head or the tail.", "Say which."),
        RefusalCode("process_full", "This server process holds as many members as it can.", "Connect again later."),
        RefusalCode("not_closed", "The hours are open; there is nothing to override.", "Nothing to do."),
        # calls
        RefusalCode("not_bridged", "No media server stands in this session.", "Signal to the other side."),
        RefusalCode("no_media", "No media server can be reached.", "Come again in a moment, or go on by chat."),
        RefusalCode("media_full", "Every media server is full.", "Come again in a moment, or go on by chat."),
        RefusalCode("bad_sdp", "The description of the media is not one that we take.", "Offer audio by Opus."),
        RefusalCode("not_recorded", "This pool records nothing.", "Nothing to do."),
        RefusalCode("no_phone", "This pool calls nobody.", "Choose another mode."),
        RefusalCode("phone_full", "Every telephone line is busy.", "Come again in a moment."),
        RefusalCode("bad_number", "That is no telephone number that can be called.", "Correct it."),
        RefusalCode("region_not_called", "The pool does not call numbers of this country.", "Take another."),
        RefusalCode("number_refused", "Numbers of this kind are not called.", "Take a landline or a mobile."),
        RefusalCode("no_number", "There is no number to call.", "Leave one."),
        RefusalCode("number_unverified", "The number is not confirmed.", "Confirm it by a code."),
        RefusalCode("number_taken", "Somebody else has confirmed this number.", "Take another."),
        RefusalCode("too_many_calls", "Enough calls to this number, or of this user, for today.", "Come again later."),
        RefusalCode("bad_code", "That is not the code.", "Type it again, or ask for a new one."),
        RefusalCode("code_expired", "The code is too old or was tried too often.", "Ask for a new one."),
        RefusalCode("no_texts", "No code can be sent by text.", "Take a call."),
        RefusalCode("not_by_phone", "The ticket is not for a session by telephone.", "Join by telephone."),
        RefusalCode("same_expert", "That is the expert of this session.", "Choose a colleague."),
        RefusalCode("rate_higher", "A minute costs more there than was shown.", "Ask for a quote, and say yes again."),
        RefusalCode("no_transfer", "No transfer is proposed.", "Nothing to do."),
        # chat
        RefusalCode("no_such_line", "There is no such message of yours.", "Nothing to do."),
        RefusalCode("line_unsaid", "The message has been taken back.", "Nothing to do."),
        RefusalCode("no_files", "This pool's chats take no files.", "Send words."),
        RefusalCode("file_too_large", "The file is too large.", "Send a smaller one."),
        RefusalCode("file_type", "Files of this kind are not taken.", "Send a picture, a PDF or plain text."),
        RefusalCode("file_broken", "The file is damaged, or is not what it says.", "Send another."),
        RefusalCode("file_refused", "The file was found to be harmful.", "Send another."),
        RefusalCode("scan_failed", "Files can't be checked for harm now.", "Come again in a minute."),
        RefusalCode("no_room", "The server has no room for files now.", "Send words, or come again later."),
        RefusalCode("too_many_files", "The session has as many files as it may have.", "Send words."),
        RefusalCode("no_such_file", "There is no such file for you.", "Nothing to do."),
        RefusalCode("too_many_replies", "As many replies are kept as one may.", "Take one away."),
        RefusalCode("no_such_reply", "There is no such reply of yours.", "Nothing to do."),
        RefusalCode("no_recording", "There is no recording of this session.", "Nothing to do."),
        RefusalCode("recording_pending", "The recording is being made ready.", "Come again in a minute."),
        # people
        RefusalCode("no_such_user", "There is no such user for you.", "Nothing to do."),
        RefusalCode("feedback_given", "There is feedback on this session already.", "Nothing to do."),
        RefusalCode("too_short_to_rate", "The session was too short for feedback.", "Nothing to do."),
        RefusalCode("session_open", "The session has not ended.", "Give feedback afterwards."),
        RefusalCode("no_such_feedback", "There is no such feedback for you.", "Look at the list again."),
        RefusalCode("too_many_pinned", "Fewer may be pinned.", "Pin fewer."),
        RefusalCode("feedback_answered", "The feedback has its answer.", "Nothing to do."),
        RefusalCode("bad_email", "That is no address that mail could reach.", "Correct it."),
        RefusalCode("no_email", "An address is needed.", "Give one."),
        RefusalCode("empty_text", "The text says nothing.", "Write it."),
        RefusalCode("too_many_messages", "Too many messages from or to this address.", "Come again tomorrow."),
        RefusalCode("too_many_wishes", "You wait to be told of as many experts as one may.", "Take one back."),
        RefusalCode("expert_free", "The expert is free now.", "Connect."),
        RefusalCode("unreachable", "The expert takes no mail.", "Choose another or come again."),
        RefusalCode("too_many_windows", "Too many windows of hours.", "Send fewer."),
        RefusalCode("bad_profile", "A field of a profile has a value it can't have.", "Correct the fields named."),
        RefusalCode("not_a_photo", "The file is no PNG, JPEG, WebP or AVIF.", "Send one of these."),
        RefusalCode("photo_broken", "The picture is damaged.", "Send another."),
        RefusalCode("photo_too_large", "The picture has too many bytes or pixels.", "Make it smaller."),
        RefusalCode("photo_too_small", "The picture is smaller than 64 pixels.", "Send a larger one."),
        RefusalCode("photo_animated", "The picture moves.", "Send one that stands still."),
        RefusalCode("too_many_testimonials", "The expert has as many testimonials as possible.", "Take one away."),
        RefusalCode("not_found", "There is no such thing here.", "Correct the address."),
        RefusalCode("too_large", "The body of the request is too large.", "Send less."),
        # money
        RefusalCode("balance_too_low", "The balance is too low for that.", "Make a deposit."),
        RefusalCode("wallet_frozen", "The balance is frozen.", "Ask the operator."),
        RefusalCode("too_many_free_calls", "Enough free calls with this expert for today.", "Come again tomorrow."),
        RefusalCode("not_funded", "Nothing is set aside for this offer.", "Accept through the server's own door."),
        RefusalCode("not_prepaid", "This pool takes no money.", "Nothing to do."),
        RefusalCode("no_deposits", "Nobody can pay in here now.", "Ask the operator."),
        RefusalCode("bad_amount", "The amount is smaller or larger than allowed.", "Name another."),
        RefusalCode("processor_unavailable", "The card processor does not answer.", "Come again in a minute."),
        RefusalCode("op_reused", "The operation id stands for another request.", "Take a new one."),
        RefusalCode("not_settled", "The session is not settled yet.", "Ask again in a moment."),
        RefusalCode("refund_open", "A refund is under way.", "Wait for it."),
        RefusalCode("money_left", "There is still money on the account.", "Have it paid back first, or give it up."),
        RefusalCode("nothing_to_refund", "No card payment is left to give that back to.", "Ask the operator."),
        RefusalCode("no_card", "No card is kept.", "Make a deposit and keep the card."),
        RefusalCode("nothing_owed", "Nobody is owed anything.", "Nothing to do."),
        RefusalCode("no_such_batch", "There is no such batch of payouts.", "Look at the list again."),
        RefusalCode("batch_closed", "The batch is paid or called off already.", "Nothing to do."),
        RefusalCode("bad_iban", "That is no IBAN.", "Correct it."),
    )
}
