"""Paints a centre's own lesions, or blobs of their size and contrast, on its own healthy tissue."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from centre_node.mammography.patch_store import PatchStore
from centre_node.painting.blobs import blob_marks
from centre_node.painting.ellipses import Ellipse, lesion_ellipse
from centre_node.painting.marks import Marks, residual_marks
from centre_node.painting.painting import LEAST_CONTRAST, drawn_scales, paint
from centre_node.painting.places import Places, anywhere, in_the_middle, matched_places, rooms
from node_api.patches import Jitter

PaintedFrom = Literal["own", "ellipse"]

Pixels = NDArray[np.uint8]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Painted:
    """Patches that were painted on the same healthy patches, in the same order.

    Attributes:
        lesions: With a lesion each, shape (n, size, size).
        healthy: With no lesion, but with the other traces of the painting; shape as above.
    """

    lesions: Pixels
    healthy: Pixels


@dataclass(frozen=True)
class OwnLesions:
    """A centre's own lesions at the size of its patches, ready to be painted.

    Attributes:
        lesions: What the lesions add to the tissue beneath them.
        texture: What lies in ellipses like theirs in healthy patches: no lesion.
    """

    store: PatchStore
    size: int
    lesions: Marks
    texture: Marks

    @classmethod
    def of(
        cls, store: PatchStore, lesions: Indices, healthy: Indices, *, size: int
    ) -> "OwnLesions":
        """Measure lesions, and healthy patches in their stead.

        Args:
            lesions: Records of lesions, at least one.
            healthy: Records of healthy patches, as many.
            size: Side of the patches in pixels.
        """
        ellipses = [lesion_ellipse(store, int(index), size=size) for index in lesions]
        instead, tissue = store.healthy_crops(healthy, size=size)
        reaches = np.array([ellipse.reach for ellipse in ellipses])
        middle = in_the_middle(len(tissue), size)
        places = matched_places(reaches, rooms(tissue, middle), random=np.random.default_rng(0))
        return cls(
            store,
            size,
            residual_marks(store.centred_crops(lesions, size=size), ellipses),
            residual_marks(instead[places], [_middle(one, size) for one in ellipses]),
        )

    def painted(
        self,
        source: PaintedFrom,
        backgrounds: Indices,
        *,
        jitter: Jitter | None = None,
        first: int = 0,
        random: np.random.Generator,
    ) -> Painted:
        """Paint a lesion on each healthy patch, every lesion as often as the others or once more.

        It is painted in the patch's middle, or anywhere in it where the store's lesions lie so.

        The healthy patches of the answer have gone through the same: own lesions bring the texture
        of the tissue around them along, so healthy texture is painted in their stead, with the same
        ellipse, strength and fading; blobs bring none, so nothing is painted.

        Args:
            source: `own` paints the lesions, `ellipse` blobs of their axes and contrasts.
            backgrounds: Records of healthy patches.
            jitter: With which these are cut; None takes their squares.
            first: Where in the row of lesions to begin, which goes round: for the patches that go
                on with earlier ones.
        """
        on = self._healthy(backgrounds, jitter, first, random)
        if source == "ellipse":
            return Painted(self._blobs(on, random), on.pixels)
        which, contrasts = on.which, self.lesions.contrasts
        scales = drawn_scales(contrasts[which], contrasts, random=random)
        lesions, healthy = (
            paint(
                on.pixels,
                on.tissue,
                marks,
                which=which,
                middles=on.middles,
                scales=scales,
                random=random,
            )
            for marks in (self.lesions, self.texture)
        )
        return Painted(lesions, healthy)

    def painted_with(
        self, marks: Marks, backgrounds: Indices, *, random: np.random.Generator
    ) -> Painted:
        """Paint marks from elsewhere, which get the axes and contrasts of the own lesions.

        An archive's contrasts may all be several times those of another, so together they are
        brought to the own ones first, by one factor, and then each by itself as blobs are. Nothing
        is painted on the healthy patches of the answer.

        Args:
            marks: One for each healthy patch, in a circle.
            backgrounds: Records of healthy patches.
        """
        on = self._healthy(backgrounds, None, 0, random)
        typical, own_typical = (
            max(float(np.median(contrasts)), LEAST_CONTRAST)
            for contrasts in (marks.contrasts, self.lesions.contrasts)
        )
        as_strong = marks.times(own_typical / typical)
        return Painted(self._in_own_shapes(as_strong, on, random), on.pixels)

    def _healthy(
        self,
        backgrounds: Indices,
        jitter: Jitter | None,
        first: int,
        random: np.random.Generator,
    ) -> "_Healthy":
        """Cut healthy patches, and give each the lesion that goes there."""
        pixels, tissue = self.store.healthy_crops(
            backgrounds, size=self.size, jitter=jitter, random=random
        )
        in_turn = (first + np.arange(len(backgrounds))) % len(self.lesions.ellipses)
        which = random.permutation(in_turn)
        reaches = np.array([self.lesions.ellipses[one].reach for one in which])
        middles = self._middles(len(backgrounds), random)
        places = matched_places(reaches, rooms(tissue, middles), random=random)
        return _Healthy(pixels[places], tissue[places], middles[places], which)

    def _middles(self, count: int, random: np.random.Generator) -> Places:
        if self.store.configuration.lesion_position == "anywhere":
            return anywhere(count, self.size, random)
        return in_the_middle(count, self.size)

    def _blobs(self, on: "_Healthy", random: np.random.Generator) -> Pixels:
        typical = max(float(np.median(self.lesions.contrasts)), LEAST_CONTRAST)
        marks = blob_marks(len(on.which), typical, size=self.size, random=random)
        return self._in_own_shapes(marks, on, random)

    def _in_own_shapes(self, marks: Marks, on: "_Healthy", random: np.random.Generator) -> Pixels:
        ellipses = [self.lesions.ellipses[one] for one in on.which]
        return paint(
            on.pixels,
            on.tissue,
            marks,
            which=np.arange(len(ellipses)),
            middles=on.middles,
            ellipses=ellipses,
            scales=drawn_scales(marks.contrasts, self.lesions.contrasts, random=random),
            random=random,
        )


@dataclass(frozen=True)
class _Healthy:
    """Patches to paint on, their tissue, and where each gets which lesion."""

    pixels: Pixels
    tissue: NDArray[np.float32]
    middles: Places
    which: Indices


def _middle(ellipse: Ellipse, size: int) -> Ellipse:
    """Return the ellipse in the middle of its patch: where rooms are measured."""
    return replace(ellipse, x=size / 2, y=size / 2)
