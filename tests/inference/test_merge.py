from pipeline.inference.merge import say_prior


def test_what_cannot_be_read_is_listed_as_it_is() -> None:
    tail = "be read and got the prior"
    assert say_prior(["a.jpg"]) == f"1 test image can't {tail}: a.jpg"
    assert say_prior(["a", "b", "c"]) == f"3 test images can't {tail}: a, b, c"
    assert say_prior(list("abcd")) == f"4 test images can't {tail}: a, b, c, ..."
    one = say_prior(["a"], are_groups=True)
    assert one == "1 group has no image that can be read and got the prior: a"
