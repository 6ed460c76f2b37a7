"""A receipt from facts: chained, and signed. Pure but for the signature's key, which is handed in."""

from collections.abc import Iterable

from billing.receipts.chain import chained, digest, signed
from billing.receipts.facts import AnyFact, Header, Receipt, Seal
from billing.receipts.signing import Signer


def sealed(header: Header, facts: Iterable[AnyFact], signer: Signer) -> Receipt:
    """The receipt of these facts in their order."""
    made = chained(header, facts)
    head = digest(made[-1])
    return Receipt(
        header=header, facts=made, seal=Seal(head=head, key=signer.public, signature=signer.sign(signed(head)))
    )
