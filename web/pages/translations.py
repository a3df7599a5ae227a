"""The words of the page, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Request

from search.query.notes import MESSAGES, NoteCode

LANGUAGES = ("vi", "en")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "search": ("Tìm", "Search"),
    "search_label": ("Tìm trong các bài viết", "Search the articles"),
    "placeholder": ("Gõ có dấu hoặc không dấu…", "Type with or without accents…"),
    "found": ("{total} bài viết", "{total} articles"),
    "took": ("{ms} giây", "{ms} s"),
    "nothing": ("Không tìm thấy bài viết nào.", "No article was found."),
    "nothing_hint": (
        "Hãy thử ít từ hơn, bỏ dấu ngoặc kép, hoặc bỏ bộ lọc.",
        "Try fewer words, leave out quotation marks, or remove filters.",
    ),
    "relaxed": (
        "Ít bài có đúng cụm từ; dưới đây là bài có các tiếng rời.",
        "Few articles have these words; below are articles with their syllables apart.",
    ),
    "only_relaxed": (
        "Không có bài nào có đúng cụm từ; dưới đây là bài có các tiếng rời.",
        "No article has these words; below are articles with their syllables apart.",
    ),
    "also_searched": ("Đã tìm cả:", "Also searched for:"),
    "did_you_mean": ("Có phải bạn tìm:", "Did you mean:"),
    "found_instead": (
        "Không có bài viết nào cho “{typed}”. Đây là kết quả cho:",
        "Nothing was found for “{typed}”. These are the results for:",
    ),
    "copies": ("{count} bài tương tự", "{count} similar articles"),
    "one_copy": ("1 bài tương tự", "1 similar article"),
    "every_copy_shown": ("Mọi bài đều được liệt kê, kể cả bài tương tự.", "Every article is listed, similar ones too."),
    "collapse": ("Gộp bài tương tự", "Show similar articles as one"),
    "newest_articles": ("Bài viết mới nhất", "Newest articles"),
    "sort": ("Sắp xếp", "Sort"),
    "relevance": ("Liên quan nhất", "Most relevant"),
    "newest": ("Mới nhất", "Newest"),
    "oldest": ("Cũ nhất", "Oldest"),
    "source": ("Nguồn", "Source"),
    "since": ("Từ", "Since"),
    "results": ("Kết quả tìm kiếm", "Search results"),
    "pages": ("Các trang kết quả", "Pages of results"),
    "category": ("Chuyên mục", "Category"),
    "any": ("Tất cả", "All"),
    "apply": ("Lọc", "Apply"),
    "next": ("Trang sau", "Next page"),
    "previous": ("Trang trước", "Previous page"),
    "page": ("Trang {page}", "Page {page}"),
    "undated": ("Không rõ ngày", "Undated"),
    "original": ("Xem bài gốc", "Original article"),
    "back": ("Về kết quả tìm kiếm", "Back to the results"),
    "similar": ("Bài viết tương tự", "Similar articles"),
    "no_title": ("(Không có tiêu đề)", "(Untitled)"),
    "other_language": ("English", "Tiếng Việt"),
    "bad_query": ("Không thực hiện được yêu cầu", "The request could not be carried out"),
    "home": ("Trang tìm kiếm", "Search page"),
    "feed": ("Theo dõi kết quả này (Atom)", "Follow these results (Atom)"),
    "by": ("Tác giả", "By"),
    "note_star_inside": (
        "Đã bỏ dấu sao trong “{text}”: chỉ đặt dấu sao ở cuối một tiếng, ngoài ngoặc kép.",
        MESSAGES[NoteCode.STAR],
    ),
    "note_not_a_date": (
        "Đã tìm “{text}” như từ thường: hãy viết ngày như 2025, 2025-08, 2025-08-27 hoặc 2025-01..2025-08.",
        MESSAGES[NoteCode.DATE],
    ),
    "note_unknown_field": (
        "Đã tìm “{text}” như từ thường: không có trường này. Các trường là {allowed}.",
        MESSAGES[NoteCode.FIELD],
    ),
    "note_field_without_value": (
        "Đã tìm “{text}” như từ thường: hãy viết một từ, hoặc một cụm trong ngoặc kép, liền sau dấu hai chấm.",
        MESSAGES[NoteCode.VALUE],
    ),
    "note_unknown_modifier": (
        "Đã bỏ ký hiệu cuối của “{text}”: từ không có trọng số hay khoảng cách.",
        MESSAGES[NoteCode.MODIFIER],
    ),
    "note_too_many_exact_parts": (
        "Từ “{text}” trở đi, các cụm từ, từ có dấu sao và từ đúng dấu được tìm như từ thường: tối đa {allowed}.",
        MESSAGES[NoteCode.COSTLY],
    ),
    "note_too_long": (
        "Chỉ {allowed} ký tự đầu được tìm. Hãy viết ngắn hơn.",
        MESSAGES[NoteCode.CHARACTERS],
    ),
    "note_too_many_syllables": (
        "Đã bỏ từ “{text}” trở đi: chỉ {allowed} tiếng liền nhau được tìm. Hãy viết ngắn hơn.",
        MESSAGES[NoteCode.SYLLABLES],
    ),
    "note_nested_too_deep": (
        "Đã bỏ các dấu ngoặc lồng nhau quá {allowed} lớp.",
        MESSAGES[NoteCode.NESTING],
    ),
    "note_too_many_alternatives": (
        "Chỉ {allowed} từ đồng nghĩa đầu tiên được tìm. Hãy dùng ít từ hơn.",
        MESSAGES[NoteCode.ALTERNATIVES],
    ),
    "note_too_many_clauses": (
        "Chỉ {allowed} phần đầu của câu tìm kiếm được tìm. Hãy dùng ít toán tử hơn.",
        MESSAGES[NoteCode.CLAUSES],
    ),
    "note_damaged_article": (
        "Tìm thấy bài “{text}” nhưng không hiện được: bài bị hỏng trong kho. Hãy gửi lại, hoặc lấy từ bản sao lưu.",
        MESSAGES[NoteCode.DAMAGED],
    ),
    "partial": (
        "Tìm chưa xong vì hết thời gian: kết quả có thể còn thiếu hoặc chưa đúng thứ tự. Hãy dùng ít từ hơn.",
        "The search ran out of time: results may be missing or out of order. Use fewer words.",
    ),
    "found_at_least": ("Ít nhất {total} bài viết", "At least {total} articles"),
    "help_title": ("Mẹo tìm kiếm", "Search tips"),
    "help": (
        "Bài tìm được có đủ các từ, các tiếng của mỗi từ liền nhau trong một câu · "
        '"cụm từ" tìm đúng cụm · -từ loại bỏ · A OR B tìm một trong hai · title:từ tìm trong tiêu đề · ~từ đúng dấu',
        "Articles are found that have each word, its syllables side by side in one sentence · "
        '"phrase" exact phrase · -word leave out · A OR B either · title:word in titles · ~word exactly these accents',
    ),
}


def chosen_language(request: Request) -> str:
    """Return the language asked for in the address, else the one chosen before, else Vietnamese."""
    for wanted in (request.args.get("lang"), request.cookies.get("lang")):
        if wanted in LANGUAGES:
            return str(wanted)
    return "vi"


def text(language: str, key: str, **values: object) -> str:
    """Return one text in a language; KeyError for an unknown key."""
    return _TEXTS[key][LANGUAGES.index(language)].format(**values)
