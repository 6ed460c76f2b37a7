"""The languages that the index knows: how their words are stemmed, and which of them say nothing alone. Pure."""

# ruff: noqa: RUF001 (words of languages in other letters look like Latin ones to the linter)

from collections import Counter
from collections.abc import Sequence
from typing import Final

ALGORITHMS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""From a language's code to its Snowball algorithm."""

WRITE_TOGETHER: Final = frozenset({"da", "de", "et", "fi", "hu", "nb", "nl", "nn", "no", "sv"})
"""Languages that make one word of two."""

_FUNCTION_WORDS: Final = {
    "en": "a about an and are as at be been but by can could did do does for from had has have he her him his how i if "
    "in into is it its me my no not of on or our she so some than that the their them then there these they this to "
    "up us was we were what when where which who whom whose why will with would you your am any because being "
    "just also i'm help need want please someone somebody",
    "de": "aber als am an auch auf aus bei beim bin bis das dass dem den der des die dies diese dieser dieses doch du "
    "durch ein eine einem einen einer eines er es für habe haben hat hatte ich ihr ihre im in ist ja kann kein keine "
    "können man mein meine meinem meinen meiner mich mir mit muss nach nicht noch nur oder ob sich sie sind so um und "
    "uns vom von vor war was weil welche wenn wer werden wie wir wird wo zu zum zur über hilfe brauche bitte",
    "es": "a al algo como con cual cuando de del desde donde e el ella ellos en entre era es esa ese eso esta este "
    "esto estoy está fue ha hay he la las le les lo los me mi mis muy más necesito no nos o para pero por porque que "
    "quien qué se si sin sobre son soy su sus sí también te tengo tiene tu un una unas uno unos y ya yo ayuda cómo",
    "fr": "à ai au aux avec c ce ces cette comment d dans de des du elle en est et eu il ils j je l la le les leur lui "
    "m ma mais me mes moi mon n ne nos notre nous on ou où par pas pour qu que quel quelle qui s sa se ses son sont "
    "sur t ta te tes toi ton tu un une vos votre vous y été être besoin aide",
    "it": "a ad ai al alla alle anche che chi ci come con cosa da dal dalla degli dei del della delle di dove e ed è "
    "era gli ha ho i il in io la le lo loro ma mi mia mio ne nei nel nella non o per perché più quale quando quello "
    "questa questo se si sono su sul sulla tra un una uno vi aiuto bisogno",
    "nl": "aan al als bij dan dat de deze die dit doen door een en er geen had heb hebben heeft het hij hoe ik in is "
    "je kan kunnen maar me met mij mijn moet na naar niet nog of om onder ons ook op over te tot u uit van veel voor "
    "waar want was wat we wel werd wie wij worden zal ze zich zij zijn zo hulp nodig",
    "pt": "a ao aos as com como da das de do dos e ela ele em entre era essa esse esta este eu foi há isso isto já "
    "lhe mais mas me meu minha muito na nas no nos não nós o os ou para pela pelo por porque qual quando que quem se "
    "sem ser seu sua são só também te tem tenho um uma você à é ajuda preciso",
    "ar": "في من على إلى عن مع هذا هذه ذلك تلك التي الذي الذين هو هي هم أنا نحن أنت ما ماذا من متى أين كيف لماذا هل أو "
    "و ثم لكن لا لم لن ليس قد كان كانت يكون إن أن كل بعض أي عند عندي لي لك له لها بين بعد قبل حتى إذا يا",
    "ru": "а без бы был была было были быть в вам вас весь во вот все вы где да для до его ее если есть еще же за и из "
    "или им их к как когда кто ли мне мой моя мы на надо нам нас не него нее нет ни но о об он она они от по при с "
    "со так там то тоже только ты у уже чем что чтобы это я",
    "tr": "acaba ama ancak bana bazı ben beni benim bir biz bu çok da daha de değil diye en gibi hem için ile ise kim "
    "ki mı mi mu mü nasıl ne neden nerede o olan olarak ona onun sen siz şu ve veya ya",
}

STOP_WORDS: Final = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}


def likely(words: Sequence[str], languages: Sequence[str]) -> list[str]:
    """Those of `languages` whose function words a text uses at least half as often as those of the likeliest; all of
    them when it uses none."""
    counted = Counter(words)
    scores = {
        code: sum(counted[word] for word in STOP_WORDS[code] if word in counted)
        for code in languages
        if code in STOP_WORDS
    }
    best = max(scores.values(), default=0)
    if not best:
        return list(languages)
    return [code for code in languages if code not in scores or scores[code] * 2 >= best]
