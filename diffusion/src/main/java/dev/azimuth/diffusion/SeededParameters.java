package dev.azimuth.diffusion;

import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Parameters that follow from a seed, drawn where and when a network asks for them: number i in
 * ascending order of names has the seed plus i ({@link SeededWeights}).
 */
public final class SeededParameters implements ParameterSource {
  /** How configurations and records call this rule. */
  public static final String RULE = "torch.randn";

  private final Map<String, Shape> shapes;
  private final Map<String, Long> seeds = new HashMap<>();

  /** Parameters of these names and shapes. */
  public SeededParameters(Map<String, Shape> shapes, long seed) {
    this.shapes = new TreeMap<>(shapes); // by UTF-16 units: code-point order, as names are ASCII
    for (String name : this.shapes.keySet()) {
      seeds.put(name, seed + seeds.size());
    }
  }

  @Override
  public Set<String> names() {
    return shapes.keySet();
  }

  @Override
  public Shape shape(String name) {
    Shape shape = shapes.get(name);
    if (shape == null) {
      throw new IllegalArgumentException("no parameter named " + name);
    }
    return shape;
  }

  @Override
  public float[] values(String name) {
    Long seed = seeds.get(name);
    if (seed == null) {
      throw new IllegalArgumentException("no parameter named " + name);
    }
    return SeededWeights.draw(name, shape(name), seed);
  }
}
