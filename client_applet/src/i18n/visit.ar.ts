import type { Message } from "./translate";
import type { VisitKey } from "./visit.en";

export const visitAr: Record<VisitKey, Message> = {
  "hours.title": "ساعات العمل",
  "hours.always": "لا ساعات محددة",
  "hours.closed": "مغلق",
  "hours.opens": "التالية {time}",
  "hours.until": "حتى {time}",
  "hours.zone": "بتوقيتك. الساعة الآن عند {name} هي {time} ({zone}).",
  "hours.failed": "تعذر تحميل الساعات والملف.",
  "hours.again": "حاول مرة أخرى",

  "met.once": "تحدثت مع {name} مرة واحدة، في {day}.",
  "met.twice": "تحدثت مع {name} مرتين، آخرهما في {day}.",
  "met.times": { zero: "لم تتحدث مع {name} بعد ({n}، {day}).", one: "تحدثت مع {name} مرة ({n})، في {day}.", two: "تحدثت مع {name} مرتين ({n})، آخرهما في {day}.", few: "تحدثت مع {name} {n} مرات، آخرها في {day}.", many: "تحدثت مع {name} {n} مرة، آخرها في {day}.", other: "تحدثت مع {name} {n} مرة، آخرها في {day}." },
  "profile.link": "الملف والتقييمات",
  "profile.count": { zero: "لا تقييمات", one: "تقييم واحد", two: "تقييمان", few: "{n} تقييمات", many: "{n} تقييمًا", other: "{n} تقييم" },

  "tell.do": "أخبرني حين يتاح",
  "tell.text": "رسالة واحدة بالبريد حالما يتاح {name}، بدل الانتظار أمام الشاشة. وما دامت هذه الصفحة مفتوحة، إشعار أيضًا.",
  "tell.submit": "أخبرني",
  "tell.done": "سنخبرك حالما يتاح {name}.",
  "tell.back": "تراجع",
  "tell.free": "{name} متاح",
  "tell.freeText": "أردت أن نخبرك. تعال واتصل.",

  "write.do": "اترك رسالة",
  "write.text": "تصل إلى {name} بالبريد، ويأتي الرد إلى عنوانك.",
  "write.submit": "أرسل الرسالة",
  "write.done": "رسالتك إلى {name} في الطريق.",
  "write.doneText": "يصلك الرد بالبريد.",

  "field.name": "اسمك",
  "field.email": "بريدك الإلكتروني",
  "field.text": "رسالتك",
  "do.cancel": "إلغاء",

  "rate.title": "كيف كانت الجلسة مع {name}؟",
  "rate.star": { zero: "بلا نجوم", one: "نجمة واحدة", two: "نجمتان", few: "{n} نجوم", many: "{n} نجمة", other: "{n} نجمة" },
  "rate.text": "ماذا ينبغي أن يعرف الآخرون؟ (اختياري)",
  "rate.hint": "يظهر في الملف بلا اسمك.",
  "rate.teach": "قد تساعد كلمات هذه المحادثة آخرين على إيجاد هذا الخبير. ولا تُعرض على أحد أبدًا.",
  "rate.submit": "أرسل التقييم",
  "rate.skip": "ليس الآن",
  "rate.choose": "اختر أولًا من نجمة إلى خمس نجوم.",
  "rate.thanks": "شكرًا لك. تقييمك الآن في الملف.",
};
