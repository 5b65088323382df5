package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class RayTracerTest {
  private static final double FOV = Camera.PUBLISHED_FIELD_OF_VIEW;
  private static final Lighting ABOVE = new Lighting(450, 0, 0, 1);

  private static Mesh withMaterial(float[] positions, Material material) {
    Mesh plain = Mesh.ofTriangles(positions);
    return new Mesh(
        plain.positions,
        plain.normals,
        plain.texCoords,
        plain.materialOf,
        List.of(material),
        List.of());
  }

  private static Material matte(Rgb base, float opacity, @Nullable Texture texture) {
    return new Material("matte", base, Rgb.BLACK, 1, 0, opacity, Rgb.BLACK, texture, null, -1);
  }

  /** A square of side 2 around the origin, facing +z. */
  private static float[] square(double z) {
    float h = (float) z;
    return new float[] {-1, -1, h, 1, -1, h, 1, 1, h, -1, -1, h, 1, 1, h, -1, 1, h};
  }

  @Test
  void silhouetteOfABallIsTheAnalyticOne() {
    double radius = 0.5;
    double distance = 1.8;
    int size = 128;
    RayTracer tracer =
        new RayTracer(Mesh.ofTriangles(SphereMesh.positions(radius, 256, 128)), ABOVE);
    Camera camera = Camera.lookAt(0.3, -1, 0.4, FOV);
    double scale = distance / camera.radius();
    double[] c = camera.centre();
    Camera at = Camera.lookAt(c[0] * scale, c[1] * scale, c[2] * scale, FOV);
    Image image = tracer.render(at, size, size, 16, 1, 2);
    // the tangent cone: tan = r / sqrt(d² − r²), in pixels
    double half = Math.tan(Math.toRadians(FOV / 2));
    double edge = radius / Math.sqrt(distance * distance - radius * radius) / half * size / 2;
    double area = 0;
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double r = Math.hypot(x + 0.5 - size / 2.0, y + 0.5 - size / 2.0);
        float alpha = image.at(x, y, 3);
        area += alpha;
        if (r < edge - 1) {
          assertEquals(1, alpha, "inside at " + x + ", " + y);
        } else if (r > edge + 1) {
          assertEquals(0, alpha, "outside at " + x + ", " + y);
        }
      }
    }
    // facets of 1/256 turn lose 1 − sinc(2π/256) of the area, 1e-4; sampling adds about as much
    assertEquals(Math.PI * edge * edge, area, Math.PI * edge * edge * 1e-3);
  }

  @Test
  void pictureAxesAreRightAndUp() {
    // a small patch on the +y side, above: seen from +x it lies to the right and above the middle
    float[] patch = {0, .2f, .2f, 0, .4f, .2f, 0, .4f, .4f};
    Image image =
        new RayTracer(Mesh.ofTriangles(patch), ABOVE)
            .render(Camera.lookAt(2, 0, 0, FOV), 32, 32, 4, 1, 1);
    double sumX = 0;
    double sumY = 0;
    double sum = 0;
    for (int y = 0; y < 32; y++) {
      for (int x = 0; x < 32; x++) {
        sumX += image.at(x, y, 3) * (x + 0.5);
        sumY += image.at(x, y, 3) * (y + 0.5);
        sum += image.at(x, y, 3);
      }
    }
    double half = Math.tan(Math.toRadians(FOV / 2));
    assertEquals(16 + 16 * (1 / 3.0) / 2 / half, sumX / sum, 0.15);
    assertEquals(16 - 16 * (0.8 / 3) / 2 / half, sumY / sum, 0.15);
  }

  @Test
  void anyNumberOfThreadsGivesTheSameBits() {
    RayTracer tracer = new RayTracer(Mesh.ofTriangles(SphereMesh.positions(0.5, 24, 12)), ABOVE);
    Camera camera = Camera.lookAt(1, 1, 0.7, FOV);
    float[] one = tracer.render(camera, 33, 21, 8, 7, 1).rgba();
    for (int threads : new int[] {2, 3, 8, 64}) {
      assertArrayEquals(one, tracer.render(camera, 33, 21, 8, 7, threads).rgba());
    }
    assertFalse(Arrays.equals(one, tracer.render(camera, 33, 21, 8, 8, 1).rgba()), "another seed");
  }

  @Test
  void lightComesFromThePanelAndBacksAreNotBlack() {
    RayTracer tracer = new RayTracer(withMaterial(square(0), matte(Rgb.WHITE, 1, null)), ABOVE);
    double top = centre(tracer, Camera.lookAt(0, 0, 2, FOV));
    double below = centre(tracer, Camera.lookAt(0, 0, -2, FOV));
    // the panel gives 0.9 times what soft spread of a panel of 1.6 at distance 3 leaves, plus the
    // sky
    assertTrue(top > 0.95 && top <= 1, "lit side " + top);
    assertTrue(below > 0.4 && below < 0.8, "back side " + below);
  }

  private static double centre(RayTracer tracer, Camera camera) {
    Image image = tracer.render(camera, 9, 9, 64, 1, 1);
    assertEquals(1, image.at(4, 4, 3));
    return image.at(4, 4, 1);
  }

  @Test
  void shadowsAreCastAndSoft() {
    // a small square over a large one: full shadow below its middle, none far away
    float[] floor = square(-0.4);
    float[] lid = square(0.2);
    for (int i = 0; i < lid.length; i++) {
      lid[i] *= i % 3 == 2 ? 1 : 0.35f;
    }
    float[] both = Arrays.copyOf(floor, 36);
    System.arraycopy(lid, 0, both, 18, 18);
    Mesh mesh = withMaterial(both, matte(Rgb.WHITE, 1, null));
    // from the side, under the lid
    Image image =
        new RayTracer(mesh, ABOVE).render(Camera.lookAt(2, 0, 0.1, FOV), 65, 65, 64, 3, 2);
    double half = Math.tan(Math.toRadians(FOV / 2));
    // rows of the floor's middle
    int middle = (int) (32.5 + 32.5 * 0.45 / 2 / half);
    double[] row = new double[65];
    for (int x = 0; x < 65; x++) {
      row[x] = image.at(x, middle, 1);
    }
    assertTrue(row[32] < row[5] - 0.15, "dark below the lid: " + row[32] + " against " + row[5]);
    int between = 0;
    for (double value : row) {
      between += value > row[32] + 0.03 && value < row[5] - 0.03 ? 1 : 0;
    }
    assertTrue(between >= 6, "a penumbra of several pixels: " + between);
  }

  @Test
  void halfOpaqueGlassHasHalfAlpha() {
    RayTracer tracer = new RayTracer(withMaterial(square(0), matte(Rgb.WHITE, 0.5f, null)), ABOVE);
    Image image = tracer.render(Camera.lookAt(0, 0, 2, FOV), 9, 9, 16, 1, 1);
    assertEquals(0.5f, image.at(4, 4, 3), 1e-6f);
    float[] two = Arrays.copyOf(square(0), 36);
    System.arraycopy(square(0.1), 0, two, 18, 18);
    Image layered =
        new RayTracer(withMaterial(two, matte(Rgb.WHITE, 0.5f, null)), ABOVE)
            .render(Camera.lookAt(0, 0, 2, FOV), 9, 9, 16, 1, 1);
    assertEquals(0.75f, layered.at(4, 4, 3), 1e-6f);
  }

  @Test
  void texturesAreLaidTheRightWayUpAndInLinearLight() {
    // lower left red, lower right green, upper left blue, upper right grey with a hole
    Image picture =
        new Image(2, 2, new float[] {0, 0, 1, 1, .5f, .5f, .5f, 0, 1, 0, 0, 1, 0, 1, 0, 1});
    Texture texture = Texture.of(picture);
    Mesh plain = Mesh.ofTriangles(square(0));
    float[] uv = {0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 1};
    Mesh mesh =
        new Mesh(
            plain.positions,
            plain.normals,
            uv,
            plain.materialOf,
            List.of(matte(Rgb.WHITE, 1, texture)),
            List.of());
    // from above with +y up in the picture: the camera just off the pole on the −y side
    Image image =
        new RayTracer(mesh, ABOVE)
            .render(Camera.spherical(1e-6, -Math.PI / 2, 2.2, FOV), 40, 40, 4, 1, 1);
    assertTrue(image.at(10, 30, 0) > 3 * image.at(10, 30, 1), "red below left");
    assertTrue(image.at(30, 30, 1) > 3 * image.at(30, 30, 0), "green below right");
    assertTrue(image.at(10, 10, 2) > 3 * image.at(10, 10, 1), "blue above left");
    assertTrue(image.at(30, 10, 3) < 0.1, "the hole");

    float[] out = new float[4];
    Texture.of(new Image(1, 1, new float[] {0.5f, 0.5f, 0.5f, 1})).sample(0.3f, 0.3f, out);
    assertEquals(Srgb.toLinear(128 / 255.0), out[0], 1e-6);
    Texture.of(picture).sample(Float.NaN, Float.POSITIVE_INFINITY, out); // no exception
  }

  @Test
  void emptyBackgroundIsTransparent() {
    float[] behind = square(0);
    for (int i = 0; i < behind.length; i += 3) {
      behind[i] += 5; // out of sight
    }
    Image image =
        new RayTracer(Mesh.ofTriangles(behind), ABOVE)
            .render(Camera.lookAt(0, 0, 2, FOV), 8, 8, 4, 1, 1);
    assertTrue(image.isFullyTransparent());
    assertArrayEquals(new float[8 * 8 * 4], image.rgba());
  }

  @Test
  void impossibleSettingsAreRefused() {
    RayTracer tracer = new RayTracer(Mesh.ofTriangles(square(0)), ABOVE);
    Camera camera = Camera.lookAt(0, 0, 2, FOV);
    assertThrows(IllegalArgumentException.class, () -> tracer.render(camera, 0, 8, 4, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> tracer.render(camera, 8, 8, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> tracer.render(camera, 8, 8, 4, 1, 0));
    assertThrows(IllegalArgumentException.class, () -> new Lighting(Double.NaN, 0, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new Lighting(1, 0, 0, 0));
  }

  @Test
  void pixelSamplesAreStratified() {
    PixelSamples samples = new PixelSamples();
    for (int use = 0; use < 4; use++) {
      samples.pixel(1234567 + use);
      int[] cells = new int[64];
      int[] columns = new int[64];
      for (int s = 0; s < 64; s++) {
        samples.sample(s);
        samples.next(use);
        assertTrue(samples.x >= 0 && samples.x < 1 && samples.y >= 0 && samples.y < 1);
        cells[((int) (samples.x * 8)) * 8 + (int) (samples.y * 8)]++;
        columns[(int) (samples.x * 64)]++;
      }
      // a (0, 2)-net has one point in each elementary interval, whatever its proportions
      int[] ones = new int[64];
      Arrays.fill(ones, 1);
      assertArrayEquals(ones, cells);
      assertArrayEquals(ones, columns);
    }
  }
}
