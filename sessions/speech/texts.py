"""What is said to telephones, in the languages of the pages. Pure."""

from typing import Final, Literal, cast, get_args

Language = Literal["en", "de", "es", "ar"]
Phrase = Literal[
    "code", "again", "turn", "kept", "connecting", "minute_left", "recording", "balance_spent", "cap", "unreached"
]

WORDS: Final[dict[Language, dict[Phrase, str]]] = {
    "en": {
        "code": "Your code is:",
        "again": "Once more, your code is:",
        "turn": "It is your turn. Please stay on the line. You are being connected.",
        "kept": "Nobody is free after all. You keep your place, and we call you again.",
        "connecting": "Please stay on the line. You are being connected.",
        "minute_left": "One minute is left.",
        "recording": "This conversation is being recorded.",
        "balance_spent": "The balance is used up. Goodbye.",
        "cap": "The longest time for a call is over. Goodbye.",
        "unreached": "The other side can't be reached now. Goodbye.",
    },
    "de": {
        "code": "Ihr Code lautet:",
        "again": "Noch einmal. Ihr Code lautet:",
        "turn": "Sie sind an der Reihe. Bitte bleiben Sie am Apparat. Sie werden verbunden.",
        "kept": "Nun ist doch niemand frei. Ihr Platz bleibt Ihnen, wir rufen Sie wieder an.",
        "connecting": "Bitte bleiben Sie am Apparat. Sie werden verbunden.",
        "minute_left": "Es bleibt noch eine Minute.",
        "recording": "Dieses Gespräch wird aufgezeichnet.",
        "balance_spent": "Das Guthaben ist aufgebraucht. Auf Wiederhören.",
        "cap": "Die längste Gesprächsdauer ist erreicht. Auf Wiederhören.",
        "unreached": "Die Gegenseite ist gerade nicht zu erreichen. Auf Wiederhören.",
    },
    "es": {
        "code": "Su código es:",
        "again": "Una vez más, su código es:",
        "turn": "Es su turno. Por favor, no cuelgue. Le estamos conectando.",
        "kept": "Al final no hay nadie libre. Conserva su lugar y le llamaremos de nuevo.",
        "connecting": "Por favor, no cuelgue. Le estamos conectando.",
        "minute_left": "Queda un minuto.",
        "recording": "Esta conversación se está grabando.",
        "balance_spent": "El saldo se ha agotado. Adiós.",
        "cap": "Se ha alcanzado la duración máxima de la llamada. Adiós.",
        "unreached": "No es posible contactar ahora con la otra persona. Adiós.",
    },
    "ar": {
        "code": "رمزكم هو:",
        "again": "مرة أخرى، رمزكم هو:",
        "turn": "حان دوركم. يرجى البقاء على الخط. يجري الآن توصيلكم.",
        "kept": "لا أحد متاح الآن. مكانكم محفوظ وسنتصل بكم مرة أخرى.",
        "connecting": "يرجى البقاء على الخط. يجري الآن توصيلكم.",
        "minute_left": "بقيت دقيقة واحدة.",
        "recording": "يجري تسجيل هذه المحادثة.",
        "balance_spent": "نفد الرصيد. مع السلامة.",
        "cap": "انتهت المدة القصوى للمكالمة. مع السلامة.",
        "unreached": "تعذر الوصول إلى الطرف الآخر. مع السلامة.",
    },
}  # fmt: skip


def language_of(tag: str) -> Language:
    """The one of our languages that a language tag (BCP 47) is of; English for any other."""
    base = tag.partition("-")[0].lower()
    return cast(Language, base) if base in get_args(Language) else "en"
