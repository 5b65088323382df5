package dev.azimuth.views;

import org.jspecify.annotations.Nullable;

/**
 * How a surface answers light: Lambert's diffuse term plus a GGX highlight.
 *
 * @param name as in the file
 * @param base colour of the diffuse term (and of the highlight, where metallic); times the texture
 * @param specular reflectance at normal incidence of the part that isn't metal
 * @param roughness of the highlight, in [0, 1]
 * @param metallic 0 to 1: how much of the base colour goes to the highlight
 * @param opacity 1 hides what is behind, 0 lets all of it through
 * @param emission light that the surface gives by itself
 * @param texture over the base colour and opacity
 * @param mask opacity only
 * @param cutoff opacity under it counts as 0, else as 1 (so 0: always opaque); negative: it blends
 */
record Material(
    String name,
    Rgb base,
    Rgb specular,
    float roughness,
    float metallic,
    float opacity,
    Rgb emission,
    @Nullable Texture texture,
    @Nullable Texture mask,
    float cutoff) {
  /** Light grey plastic, for surfaces whose material is missing. */
  static final Material DEFAULT =
      new Material(
          "default", Rgb.grey(0.6f), Rgb.grey(0.04f), 0.6f, 0, 1, Rgb.BLACK, null, null, -1);

  /** Whether a ray may pass through some of it. */
  boolean isTransparent() {
    return cutoff != 0
        && (opacity < 1 || mask != null || (texture != null && texture.isTransparent()));
  }
}
