package dev.azimuth.views;

/**
 * What a data set is rendered with.
 *
 * @param views per object, 1 to 999; 12 as published
 * @param size of the square pictures in pixels, 1 to 4096
 * @param samples rays per pixel, 1 to 65536
 * @param seed together with an object's uid it fixes cameras, light and noise
 * @param threads at least 1; the pictures don't depend on it
 * @param rig where the cameras stand
 */
public record RenderSettings(
    int views, int size, int samples, long seed, int threads, CameraRig rig) {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException naming the number that is out of its range
   */
  public RenderSettings {
    check("views", views, 999);
    check("size", size, 4096);
    check("samples", samples, 65536);
    check("threads", threads, 4096);
  }

  /** Settings with the published cameras. */
  public RenderSettings(int views, int size, int samples, long seed, int threads) {
    this(views, size, samples, seed, threads, CameraRig.PUBLISHED);
  }

  private static void check(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(
          "render: %s must lie in 1 to %d; got %d".formatted(name, most, value));
    }
  }
}
