package dev.azimuth.views;

/**
 * The light of a scene: one square area light and a dim sky all around.
 *
 * <p>The published data set draws an energy in U(300, 600) and a place, x and y in U(−1, 1) and z
 * in U(0.5, 1.5), once per object. A panel so near would burn out what it almost touches and leave
 * the rest dark, so here the place gives the light's direction only: the panel stands at distance
 * 3, faces the origin, has sides of 1.6 (soft shadows), and 450 of energy light a white wall that
 * faces it to 0.9 of full white. The sky, brighter above than below, keeps what the panel doesn't
 * reach from being black, and lets shape be seen there.
 *
 * @param energy of the panel; 450 is the mean
 * @param x drawn place of the panel
 * @param y drawn place of the panel
 * @param z drawn place of the panel
 */
public record Lighting(double energy, double x, double y, double z) {
  static final double DISTANCE = 3;
  static final double SIDE = 1.6;
  static final float SKY_ABOVE = 0.56f;
  static final float SKY_BELOW = 0.28f;

  /** Reflected light of a white wall that faces the panel, per unit of energy. */
  private static final double PER_ENERGY = 0.9 / 450;

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException unless all are finite, the energy is not negative and the
   *     place is not the origin
   */
  public Lighting {
    if (!Double.isFinite(energy) || energy < 0) {
      throw new IllegalArgumentException("light: energy must be at least 0; got " + energy);
    }
    double distance = Math.sqrt(x * x + y * y + z * z);
    if (!Double.isFinite(distance) || distance == 0) {
      throw new IllegalArgumentException(
          "light: its place must be finite and not the origin; got %s, %s, %s".formatted(x, y, z));
    }
  }

  /** The light of one object: fixed by the seed and the object's name. */
  public static Lighting of(long seed, String uid) {
    SeedStream random = SeedStream.of(seed, "light of " + uid);
    return new Lighting(
        random.uniform(300, 600),
        random.uniform(-1, 1),
        random.uniform(-1, 1),
        random.uniform(0.5, 1.5));
  }

  /** Light from the panel on a white wall at the origin that faces it, as reflected. */
  float strength() {
    return (float) (energy * PER_ENERGY);
  }

  /** Light of the sky from a direction with this z. */
  static float sky(float dz) {
    return SKY_BELOW + (SKY_ABOVE - SKY_BELOW) * (0.5f + 0.5f * dz);
  }
}
