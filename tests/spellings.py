"""What meets what: spellings of one thing, and what must stay apart. The tests try them, ``make docs`` lists them."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """Spellings of one thing that articles may have, and others that readers may type."""

    written: tuple[str, ...]
    typed: tuple[str, ...] = ()


MEET: dict[str, list[Group]] = {
    "figures and units": [
        Group(("50km", "50 km", "50 ki-lô-mét")),
        Group(("120km/h", "120 km/h", "120 km/giờ")),
        Group(("45.000đ", "45.000 đồng", "45000đ", "45,000 VND")),
        Group(("75m2", "75 m²", "75㎡", "75 mét vuông")),
        Group(("12 ha", "12ha", "12 héc-ta")),
        Group(("1,5kg", "1.5 kg", "1,5 ki-lô-gam")),
        Group(("200ml", "200 ml")),
        Group(("38°C", "38 độ C", "38℃", "38 ºC")),
        Group(("7,52%", "7.52 %", "7,52 phần trăm")),
        Group(("khách sạn 5*", "khách sạn 5 sao")),
    ],
    "numbers": [
        Group(("1.000.000", "1,000,000", "1000000", "1 000 000")),
        Group(("12 345", "12.345", "12345")),
        Group(("12.345,6", "12,345.6")),
    ],
    "days, months, quarters, centuries": [
        Group(("14-1", "14/1", "14/01", "ngày 14 tháng 1", "ngày 14.1", "14–1"), ("ngay 14 thang 01",)),
        Group(("14/2/2026", "14-02-2026", "2026-02-14", "ngày 14 tháng 2 năm 2026", "14 tháng Hai năm 2026")),
        Group(("19/8/1945", "ngày 19 tháng Tám năm 1945", "19-8-1945")),
        Group(("21/11", "ngày 21 tháng Mười Một", "21 tháng 11")),
        Group(("3/2025", "tháng 3 năm 2025", "tháng Ba năm 2025", "tháng 03/2025")),
        Group(("quý 1/2025", "quý I/2025", "quý I năm 2025", "quý 1 năm 2025"), ("quy 1 nam 2025",)),
        Group(("thế kỷ XXI", "thế kỷ 21", "thế kỉ 21")),
    ],
    "times": [
        Group(("18h30", "18:30", "18 giờ 30", "18 giờ 30 phút", "18g30")),
        Group(("7h05", "07:05", "7 giờ 5 phút")),
        Group(("9h", "9 giờ")),
    ],
    "telephones, plates, types, documents": [
        Group(("0912.345.678", "0912345678", "0912 345 678", "+84 912 345 678", "+84912345678")),
        Group(("(028) 3829 1234", "02838291234", "028.3829.1234")),
        Group(("1900 6868", "19006868", "1900.6868")),
        Group(("51F-123.45", "51F12345", "51F 123.45", "51f-12345")),
        Group(("Su-30MK2", "Su30MK2"), ("SU 30MK2",)),
        Group(("iPhone 16", "iPhone16", "iphone-16")),
        Group(("Covid-19", "COVID19", "covid 19")),
        Group(("SARS-CoV-2", "SARSCoV2"), ("sars cov 2",)),
        Group(("nghị quyết 59", "Nghị quyết số 59", "NQ 59"), ("nghi quyet so 059",)),
        Group(("GD-ĐT", "GD&ĐT", "GDĐT")),
    ],
    "joined and spaced names": [
        Group(("vietnam", "Việt Nam", "VIETNAM", "ViệtNam"), ("viet nam",)),
        Group(("Sài Gòn", "Saigon"), ("sai gon",)),
        Group(("ô tô", "ôtô")),
        Group(("Đắk Lắk", "Daklak")),
        Group(("Ê Đê", "Êđê")),
        Group(("vắc xin", "vắc-xin", "vắcxin")),
        Group(("#TựHàoViệtNam", "tự hào Việt Nam"), ("#tuhaovietnam",)),
        Group(("H'Mông", "Hmông", "H’Mông"), ("h mông", "hmong")),
        Group(("O'Neal", "ONeal")),
    ],
    "names of places": [
        Group(("TP Đà Nẵng", "thành phố Đà Nẵng", "TP. Đà Nẵng")),
        Group(("TP.HCM", "TP. HCM", "tphcm", "Thành phố Hồ Chí Minh", "TP Hồ Chí Minh")),
        Group(("Bắc Kạn", "Bắc Cạn")),
        Group(("Kuwait", "Cô-oét")),
    ],
    "letters": [
        Group(("Hà Nội", "hà nội", "𝐇𝐚̀ 𝐍𝐨̣̂𝐢", "Ｈà Ｎội", "Ha\u0300 No\u0323\u0302i"), ("ha noi",)),
        Group(("hòa bình", "hoà bình")),
        Group(("kỹ sư", "kĩ sư")),
        Group(("Łukasz", "Lukasz")),
        Group(("Friedrichstraße", "Friedrichstrasse")),
        Group(("Sœur", "Soeur")),
        Group(("Ørsted", "Orsted")),
        Group(("CO₂", "CO2")),
        Group(("lớp Ⅻ", "lớp XII", "lớp 12")),
    ],
}
"""By kind, what finds each other."""

APART: list[tuple[str, str]] = [
    ("5kg", "5 km"),
    ("1.500m", "1,5 m"),
    ("ngày 3 tháng 4", "3-4 năm tù"),
    ("ngày 3 tháng 4", "thắng 3-4"),
    ("3/4", "3,4 triệu"),
    ("ngày 2 tháng 3", "2/3 dân số"),
    ("quý 1/2025", "quý 3/2025"),
    ("quý 1/2025", "ngày 15/1/2025"),
    ("18h30", "18-30"),
    ("0912345678", "0987 654 321"),
    ("F1", "F16"),
    ("C++", "C#"),
    ("C", "C++"),
    ("toan", "to an"),
    ("กา", "กี"),
    ("東京", "京東"),
]
"""Pairs that must not find each other."""
