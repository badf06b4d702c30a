import numpy as np

from centre_node.painting.places import anywhere, in_the_middle, matched_places, rooms


def test_room_is_the_way_from_a_place_to_the_nearest_pixel_beside_the_tissue() -> None:
    tissue = np.ones((2, 9, 9), dtype=np.float32)
    tissue[1, 4, 1] = 0.4

    assert rooms(tissue, in_the_middle(2, 9)).tolist() == [np.inf, 3.0]
    assert rooms(tissue, np.array([[4.5, 4.5], [1.5, 0.5]])).tolist() == [np.inf, 4.0]


def test_anywhere_is_the_whole_patch() -> None:
    places = anywhere(400, 9, np.random.default_rng(0))

    counts = np.histogram2d(places[:, 0], places[:, 1], bins=3, range=((0, 9), (0, 9)))[0]
    assert counts.sum() == 400
    assert counts.min() > 25


def test_each_lesion_lies_in_tissue_and_each_patch_gets_one_while_there_is_room() -> None:
    random = np.random.default_rng(0)
    room = random.uniform(5, 30, 50)
    reaches = np.minimum(random.uniform(1, 25, 50), np.sort(room)[random.permutation(50)])

    places = matched_places(np.sort(reaches), np.sort(room) + 20, random=random)

    assert sorted(places) == list(range(50))
    assert (np.sort(room)[places] + 20 >= np.sort(reaches)).all()


def test_a_lesion_that_fits_nowhere_gets_the_roomiest_patch_that_is_left() -> None:
    room = np.array([4.0, 9.0, 2.0])

    places = matched_places(np.array([50.0, 3.0]), room, random=np.random.default_rng(0))

    assert places.tolist() == [1, 0]


def test_which_patch_a_lesion_gets_is_left_to_chance_where_it_fits_many() -> None:
    room, reaches = np.full(30, np.inf), np.linspace(1, 9, 30)

    first, again, other = (
        matched_places(reaches, room, random=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
