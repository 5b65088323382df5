package dev.azimuth.views;

import java.util.List;

/**
 * Follows one thread's rays: what a camera ray brings back. Holds all it needs, so that no ray
 * allocates anything.
 *
 * <p>At a hit: the panel's light, by one random point of it, through soft and coloured-by-opacity
 * shadows; the sky's light, by one random direction, with one bounce off what hides the sky there;
 * a GGX highlight of the panel and a mirrored sky. Surfaces that are not opaque are laid one over
 * the other front to back. Both sides of a surface are the same.
 */
final class Shader {
  private static final int MOST_LAYERS = 24;
  private static final float CLEAR = 0.004f;
  private static final float OFFSET = 2e-4f;
  private static final float MIN_ROUGHNESS = 0.2f;

  /** Stands for light after the first bounce. */
  private static final float BOUNCE_SKY = 0.22f;

  private static final int LIGHT = 1;
  private static final int SKY = 2;
  private static final int BOUNCE_LIGHT = 3;

  /** Red, green, blue (premultiplied by coverage) and coverage of the last camera ray. */
  final float[] result = new float[4];

  final PixelSamples samples = new PixelSamples();

  private final Mesh mesh;
  private final List<Material> materials;
  private final Bvh bvh;
  private final boolean transparent;

  // the panel
  private final float[] lightCentre = new float[3];
  private final float[] lightU = new float[3];
  private final float[] lightV = new float[3];
  private final float[] lightNormal = new float[3];
  private final float lightStrength;

  private final Ray camera = new Ray();
  private final Ray shadow = new Ray();
  private final Ray bounce = new Ray();

  private final Surface surface = new Surface();
  private final Surface second = new Surface();
  private final float[] texel = new float[4];
  private final float[] direct = new float[3];
  private float lx;
  private float ly;
  private float lz;
  private float lightCosine;

  /** A point on a surface, ready for shading. */
  private static final class Surface {
    float x;
    float y;
    float z;
    // shading normal, on the side of the viewer
    float nx;
    float ny;
    float nz;
    // geometric normal, on the side of the viewer
    float gx;
    float gy;
    float gz;
    float r;
    float g;
    float b;
    float opacity;
    Material material = Material.DEFAULT;
  }

  Shader(Mesh mesh, Bvh bvh, Lighting lighting) {
    this.mesh = mesh;
    this.materials = mesh.materials;
    this.bvh = bvh;
    this.transparent = mesh.isTransparent();
    this.lightStrength = lighting.strength();
    placeLight(lighting);
  }

  private void placeLight(Lighting light) {
    double r = Math.sqrt(light.x() * light.x() + light.y() * light.y() + light.z() * light.z());
    double[] n = {light.x() / r, light.y() / r, light.z() / r};
    // any two directions across n
    double[] a = Math.abs(n[2]) < 0.9 ? new double[] {0, 0, 1} : new double[] {1, 0, 0};
    double[] u = cross(a, n);
    double length = Math.sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
    double[] v = cross(n, u);
    for (int c = 0; c < 3; c++) {
      lightCentre[c] = (float) (n[c] * Lighting.DISTANCE);
      lightU[c] = (float) (u[c] / length * Lighting.SIDE);
      lightV[c] = (float) (v[c] / length * Lighting.SIDE);
      lightNormal[c] = (float) n[c];
    }
  }

  private static double[] cross(double[] a, double[] b) {
    return new double[] {
      a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    };
  }

  /** Follows the camera ray through (ox, oy, oz) along the unit vector; fills {@link #result}. */
  void trace(float ox, float oy, float oz, float dx, float dy, float dz) {
    float red = 0;
    float green = 0;
    float blue = 0;
    float through = 1;
    camera.set(ox, oy, oz, dx, dy, dz);
    for (int layer = 0; layer < MOST_LAYERS && bvh.intersect(camera); layer++) {
      float distance = camera.tMax;
      hit(camera, surface);
      if (surface.opacity > 0) {
        shade(surface, dx, dy, dz);
        red += through * direct[0];
        green += through * direct[1];
        blue += through * direct[2];
        through *= 1 - surface.opacity;
      }
      if (through < CLEAR) {
        through = 0;
        break;
      }
      camera.tMin = distance + OFFSET;
      camera.tMax = Float.POSITIVE_INFINITY;
    }
    result[0] = red;
    result[1] = green;
    result[2] = blue;
    result[3] = 1 - through;
  }

  /** Position, normals, colour and opacity where the ray hit. */
  private void hit(Ray ray, Surface s) {
    int t = ray.triangle;
    float v = ray.u;
    float w = ray.v;
    float u = 1 - v - w;
    s.x = ray.ox + ray.tMax * ray.dx;
    s.y = ray.oy + ray.tMax * ray.dy;
    s.z = ray.oz + ray.tMax * ray.dz;
    geometricNormal(t, ray, s);
    float[] n = mesh.normals;
    int o = 9 * t;
    float nx = u * n[o] + v * n[o + 3] + w * n[o + 6];
    float ny = u * n[o + 1] + v * n[o + 4] + w * n[o + 7];
    float nz = u * n[o + 2] + v * n[o + 5] + w * n[o + 8];
    float length = (float) Math.sqrt(nx * nx + ny * ny + nz * nz);
    float side = nx * s.gx + ny * s.gy + nz * s.gz;
    if (length > 1e-6f && Math.abs(side) > 1e-6f) {
      // on the same side as the geometric normal, and never facing away from the viewer
      float scale = (side < 0 ? -1 : 1) / length;
      s.nx = nx * scale;
      s.ny = ny * scale;
      s.nz = nz * scale;
      if (s.nx * ray.dx + s.ny * ray.dy + s.nz * ray.dz > 0) {
        s.nx = s.gx;
        s.ny = s.gy;
        s.nz = s.gz;
      }
    } else {
      s.nx = s.gx;
      s.ny = s.gy;
      s.nz = s.gz;
    }
    Material m = materials.get(mesh.materialOf[t]);
    s.material = m;
    s.r = m.base().r();
    s.g = m.base().g();
    s.b = m.base().b();
    s.opacity = m.opacity();
    Texture texture = m.texture();
    Texture mask = m.mask();
    if (texture != null || mask != null) {
      float[] uv = mesh.texCoords;
      float tu = u * uv[6 * t] + v * uv[6 * t + 2] + w * uv[6 * t + 4];
      float tv = u * uv[6 * t + 1] + v * uv[6 * t + 3] + w * uv[6 * t + 5];
      if (mask != null) {
        s.opacity *= mask.opacityAt(tu, tv, texel);
      }
      if (texture != null) {
        texture.sample(tu, tv, texel);
        s.r *= texel[0];
        s.g *= texel[1];
        s.b *= texel[2];
        s.opacity *= texel[3];
      }
      if (m.cutoff() >= 0) {
        s.opacity = s.opacity < m.cutoff() ? 0 : 1;
      }
    }
  }

  private void geometricNormal(int t, Ray ray, Surface s) {
    float[] p = mesh.positions;
    int o = 9 * t;
    float ax = p[o + 3] - p[o];
    float ay = p[o + 4] - p[o + 1];
    float az = p[o + 5] - p[o + 2];
    float bx = p[o + 6] - p[o];
    float by = p[o + 7] - p[o + 1];
    float bz = p[o + 8] - p[o + 2];
    float x = ay * bz - az * by;
    float y = az * bx - ax * bz;
    float z = ax * by - ay * bx;
    float scale = 1 / (float) Math.sqrt(Math.max(x * x + y * y + z * z, Float.MIN_NORMAL));
    if (x * ray.dx + y * ray.dy + z * ray.dz > 0) {
      scale = -scale;
    }
    s.gx = x * scale;
    s.gy = y * scale;
    s.gz = z * scale;
  }

  /** Light from the surface towards the viewer, times its coverage, to {@link #direct}. */
  private void shade(Surface s, float dx, float dy, float dz) {
    Material m = s.material;
    float a = s.opacity;
    float diffuse = (1 - m.metallic()) * a;
    float f0r = m.specular().r() * (1 - m.metallic()) + s.r * m.metallic();
    float f0g = m.specular().g() * (1 - m.metallic()) + s.g * m.metallic();
    float f0b = m.specular().b() * (1 - m.metallic()) + s.b * m.metallic();
    float toViewer = Math.max(1e-3f, -(s.nx * dx + s.ny * dy + s.nz * dz));

    float panel = panelLight(s, LIGHT);
    float gloss = panel > 0 ? highlight(s, dx, dy, dz, toViewer, m.roughness()) * panel : 0;
    float gr = fresnel(f0r, dx, dy, dz);
    float gg = fresnel(f0g, dx, dy, dz);
    float gb = fresnel(f0b, dx, dy, dz);
    float red = m.emission().r() * a + s.r * diffuse * panel + gr * gloss;
    float green = m.emission().g() * a + s.g * diffuse * panel + gg * gloss;
    float blue = m.emission().b() * a + s.b * diffuse * panel + gb * gloss;

    // the sky mirrored, dimmer on rough surfaces
    float mirrored = dz + 2 * toViewer * s.nz;
    float grazing = 1 - toViewer;
    float rise = grazing * grazing;
    rise = rise * rise * grazing * (1 - m.roughness());
    float mirror = Lighting.sky(mirrored);
    skyLight(s);
    float open = direct[0] + direct[1] + direct[2];
    float visible = Math.min(1, open / (3 * BOUNCE_SKY));
    red += s.r * diffuse * direct[0] + (f0r + (1 - f0r) * rise) * mirror * visible;
    green += s.g * diffuse * direct[1] + (f0g + (1 - f0g) * rise) * mirror * visible;
    blue += s.b * diffuse * direct[2] + (f0b + (1 - f0b) * rise) * mirror * visible;
    direct[0] = red;
    direct[1] = green;
    direct[2] = blue;
  }

  /**
   * The panel's light on the surface (a white wall facing it at the origin: {@link
   * Lighting#strength}); sets the direction to the chosen point of the panel.
   */
  private float panelLight(Surface s, int use) {
    samples.next(use);
    float su = samples.x - 0.5f;
    float sv = samples.y - 0.5f;
    float x = lightCentre[0] + su * lightU[0] + sv * lightV[0] - s.x;
    float y = lightCentre[1] + su * lightU[1] + sv * lightV[1] - s.y;
    float z = lightCentre[2] + su * lightU[2] + sv * lightV[2] - s.z;
    float squared = x * x + y * y + z * z;
    float distance = (float) Math.sqrt(squared);
    lx = x / distance;
    ly = y / distance;
    lz = z / distance;
    lightCosine = s.nx * lx + s.ny * ly + s.nz * lz;
    if (lightCosine <= 0 || s.gx * lx + s.gy * ly + s.gz * lz <= 0) {
      return 0;
    }
    float facing = lx * lightNormal[0] + ly * lightNormal[1] + lz * lightNormal[2];
    if (facing <= 0) {
      return 0;
    }
    shadow.set(s.x + OFFSET * s.gx, s.y + OFFSET * s.gy, s.z + OFFSET * s.gz, lx, ly, lz);
    shadow.tMax = distance;
    float passes = passes(shadow, distance);
    float falloff = (float) (Lighting.DISTANCE * Lighting.DISTANCE) / squared;
    return lightStrength * lightCosine * facing * falloff * passes;
  }

  /** The part of the light that comes through along the ray. */
  private float passes(Ray ray, float distance) {
    if (!transparent) {
      return bvh.occluded(ray) ? 0 : 1;
    }
    float through = 1;
    for (int layer = 0; layer < MOST_LAYERS && bvh.intersect(ray); layer++) {
      hit(ray, second);
      through *= 1 - second.opacity;
      if (through < CLEAR) {
        return 0;
      }
      ray.tMin = ray.tMax + OFFSET;
      ray.tMax = distance;
    }
    return through;
  }

  /** GGX lobe times Smith's shadowing over the diffuse 1/π, without Fresnel's factor. */
  private float highlight(
      Surface s, float dx, float dy, float dz, float toViewer, float roughness) {
    float hx = lx - dx;
    float hy = ly - dy;
    float hz = lz - dz;
    float length = (float) Math.sqrt(hx * hx + hy * hy + hz * hz);
    float nh = (s.nx * hx + s.ny * hy + s.nz * hz) / Math.max(length, 1e-6f);
    float rough = Math.max(roughness, MIN_ROUGHNESS);
    float alpha = rough * rough;
    float a2 = alpha * alpha;
    float d = nh * nh * (a2 - 1) + 1;
    float k = alpha / 2;
    float g1 = toViewer / (toViewer * (1 - k) + k);
    float g2 = lightCosine / (lightCosine * (1 - k) + k);
    return a2 / (d * d) * g1 * g2 / (4 * toViewer * lightCosine);
  }

  /** Schlick's approximation for the half vector between light and viewer. */
  private float fresnel(float f0, float dx, float dy, float dz) {
    if (f0 <= 0) {
      return 0;
    }
    float cosine = (float) Math.sqrt(Math.max(0, 0.5f * (1 - (lx * dx + ly * dy + lz * dz))));
    float m = 1 - cosine;
    float m2 = m * m;
    return f0 + (1 - f0) * m2 * m2 * m;
  }

  /** The sky's light on the surface, with one bounce, to {@link #direct}. */
  private void skyLight(Surface s) {
    samples.next(SKY);
    // cosine-weighted around the normal: a unit sphere touching the surface
    float cz = 1 - 2 * samples.x;
    float ring = (float) Math.sqrt(Math.max(0, 1 - cz * cz));
    double angle = 2 * Math.PI * samples.y;
    float x = s.nx + ring * (float) Math.cos(angle);
    float y = s.ny + ring * (float) Math.sin(angle);
    float z = s.nz + cz;
    float length = (float) Math.sqrt(x * x + y * y + z * z);
    if (length < 1e-4f) {
      x = s.nx;
      y = s.ny;
      z = s.nz;
    } else {
      x /= length;
      y /= length;
      z /= length;
    }
    bounce.set(s.x + OFFSET * s.gx, s.y + OFFSET * s.gy, s.z + OFFSET * s.gz, x, y, z);
    float r = 0;
    float g = 0;
    float b = 0;
    float through = 1;
    for (int layer = 0; layer < MOST_LAYERS && bvh.intersect(bounce); layer++) {
      float distance = bounce.tMax;
      hit(bounce, second);
      if (second.opacity > 0.5f || !transparent) {
        float lit = panelLightOfSecond() + BOUNCE_SKY;
        r = through * second.r * lit;
        g = through * second.g * lit;
        b = through * second.b * lit;
        through = 0;
        break;
      }
      through *= 1 - second.opacity;
      bounce.tMin = distance + OFFSET;
      bounce.tMax = Float.POSITIVE_INFINITY;
    }
    float sky = Lighting.sky(z) * through;
    direct[0] = r + sky;
    direct[1] = g + sky;
    direct[2] = b + sky;
  }

  private float panelLightOfSecond() {
    // passes() reuses the second surface where shadows may be partial: keep its colour
    float r = second.r;
    float g = second.g;
    float b = second.b;
    float lit = panelLight(second, BOUNCE_LIGHT);
    second.r = r;
    second.g = g;
    second.b = b;
    return lit;
  }
}
