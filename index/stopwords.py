"""Syllables that carry grammar rather than meaning.

They are searched like any other; but where the query's more telling words are marked, these are not marked
alone, and a completion does not end with one.
"""

STOP_SYLLABLES = frozenset(
    """
    và là của có cho các những một được trong với không này đã khi từ ra ở để thì mà đến cũng như về
    vào đó hay rất sẽ nên bị vì còn theo nếu nhưng tại do bởi hơn lại nào gì ai đâu sao thế bao nhiêu mấy
    rằng đang cùng trên dưới sau trước giữa qua mỗi mọi vẫn chỉ phải nhất cả hoặc thôi chưa
    the of and in to a is for on
    """.split()
)
