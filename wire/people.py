"""What the server says about people: experts found, an expert's hours and feedback, what two had to do before."""

from wire.fields import FeedbackItem, FoundExpert, Meeting, Message, Profile, Reply


class Found(Reply, tag="found"):
    """`total` experts fit; `experts` are those asked for."""

    total: int
    experts: list[FoundExpert]


class AboutExpert(Reply, tag="about_expert"):
    """`windows` are the hours of the next seven days as pairs of instants, empty and `always` when there are none.

    `distribution` counts the feedback of one star to five. `met` is how often the asking user and the expert met,
    `met_at` when last. `told_when_free`: the member asked to be told. `page`: the path of the profile page.
    """

    expert: str
    timezone: str
    always: bool
    windows: list[tuple[int, int]]
    stars: float
    ratings: int
    distribution: list[int]
    met: int
    met_at: int
    told_when_free: bool
    page: str


class UserHistory(Reply, tag="user_history"):
    """What the asking expert and the user had to do with each other: how often, when last, and the newest of it."""

    user: str
    met: int
    met_at: int
    meetings: list[Meeting]


class FeedbackPage(Reply, tag="feedback_page"):
    """Newest first."""

    expert: str
    stars: float
    ratings: int
    distribution: list[int]
    items: list[FeedbackItem]
    more: bool


class ProfileNews(Message, tag="profile_news"):
    """A profile that changed, to whoever follows that expert's light; its feedback too, so pages may ask again."""

    profile: Profile
