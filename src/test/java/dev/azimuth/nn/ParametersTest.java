package dev.azimuth.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.TinyModels;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.ParameterSource.Stored;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Names, strict loading, layouts and seeds of parameters. */
class ParametersTest {
  private final Backend cpu = CpuBackend.scalar(1);

  @AfterEach
  void close() {
    cpu.close();
  }

  private Parameters drawn(long seed) {
    return Parameters.initialized(cpu, DType.FLOAT32, new TorchRandom(seed));
  }

  private Parameters stored(Map<String, Stored> parameters) {
    return Parameters.stored(cpu, DType.FLOAT32, ParameterSource.of(parameters));
  }

  private static Stored counting(int... dims) {
    Shape shape = Shape.of(dims);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return new Stored(shape, values);
  }

  @Test
  void aPathReadsLikeTheStateDict() {
    Parameters root = drawn(0);
    Parameters place = root.at("input_blocks").at(3).at("op");
    assertEquals("", root.path());
    assertEquals("input_blocks.3.op", place.path());
    place.tensor("weight", Initialization.ones(), 2);
    assertEquals(List.of("input_blocks.3.op.weight"), List.copyOf(root.tensors().keySet()));
    assertEquals(2, root.count());
  }

  @Test
  void aNameIsGivenOnce() {
    Parameters root = drawn(0);
    root.tensor("weight", Initialization.ones(), 2);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class, () -> root.tensor("weight", Initialization.ones(), 2));
    assertTrue(e.getMessage().contains("weight"));
  }

  @Test
  void oneErrorListsEveryDifference() {
    Map<String, Stored> parameters = new HashMap<>();
    parameters.put("a.weight", counting(4, 3));
    parameters.put("b.weight", counting(3, 4));
    parameters.put("b.bias", counting(4));
    parameters.put("old.bias", counting(4));
    parameters.put("a.scale", counting(1));
    Parameters root = stored(parameters);
    Linear.of(root.at("a"), 3, 4); // lacks its bias
    Linear.of(root.at("b"), 3, 4); // has its weight transposed
    ParameterException e = assertThrows(ParameterException.class, root::requireComplete);
    assertEquals(
        "parameters don't fit the network; 1 missing: a.bias; 2 unexpected: a.scale, old.bias;"
            + " 1 misshapen: b.weight [3, 4] instead of [4, 3]",
        e.getMessage());
  }

  @Test
  void whatFitsIsComplete() {
    Parameters root = stored(Map.of("weight", counting(4, 3), "bias", counting(4)));
    Linear.of(root, 3, 4);
    root.requireComplete();
    drawn(0).requireComplete();
  }

  @Test
  void manyNamesAreCountedNotListed() {
    ParameterException e =
        assertThrows(
            ParameterException.class,
            () -> {
              Parameters root = stored(Map.of());
              new UNet(root, TinyModels.unet());
              root.requireComplete();
            });
    assertTrue(e.getMessage().length() < 1000, e.getMessage());
    assertTrue(e.getMessage().contains("missing: time_embed.0.weight"), e.getMessage());
    assertTrue(e.getMessage().endsWith(", ..."), e.getMessage());
  }

  @Test
  void convolutionsLieChannelsLastInside() {
    Parameters root = stored(Map.of("weight", counting(2, 3, 2, 2), "bias", counting(2)));
    Conv2d.of(root, 3, 2, new Window(2, 1, Window.ONE.padding()));
    Tensor inside = root.tensors().get("weight");
    assertEquals(Shape.of(2, 2, 2, 3), inside.shape());
    // [o, c, y, x] is element 12o + 4c + 2y + x
    assertArrayEquals(
        new float[] {
          0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 16, 20, 13, 17, 21, 14, 18, 22, 15, 19, 23
        },
        inside.toFloats());
    Stored published = root.published().get("weight");
    assertEquals(Shape.of(2, 3, 2, 2), published.shape());
    assertArrayEquals(counting(2, 3, 2, 2).values(), published.values());
  }

  @Test
  void whatIsPublishedIsWhatWasLoaded() {
    Parameters drawn = drawn(5);
    new UNet(drawn, TinyModels.unet());
    Map<String, Stored> published = drawn.published();
    Parameters loaded = stored(published);
    new UNet(loaded, TinyModels.unet());
    loaded.requireComplete();
    Map<String, Stored> again = loaded.published();
    assertEquals(List.copyOf(published.keySet()), List.copyOf(again.keySet()));
    published.forEach(
        (name, stored) -> {
          assertEquals(stored.shape(), again.get(name).shape());
          assertArrayEquals(stored.values(), again.get(name).values(), name);
        });
  }

  @Test
  void onlyTrainingTracks() {
    Map<String, Stored> parameters = Map.of("weight", counting(4, 3), "bias", counting(4));
    Parameters inference = stored(parameters);
    Parameters training = Parameters.trainable(cpu, DType.FLOAT32, ParameterSource.of(parameters));
    Tensor x = Tensor.of(cpu, Shape.of(1, 3), 1, 2, 3);
    assertNull(Linear.of(inference, 3, 4).forward(x).history());
    assertFalse(Linear.of(training, 3, 4).forward(x).history() == null);
    assertFalse(Linear.of(drawn(0), 3, 4).forward(x).history() == null);
  }

  @Test
  void theSameSeedGivesTheSameWeights() {
    Map<String, float[]> first = weights(11);
    Map<String, float[]> same = weights(11);
    Map<String, float[]> other = weights(12);
    first.forEach((name, values) -> assertArrayEquals(values, same.get(name), name));
    String name = "input_blocks.0.0.weight";
    assertFalse(Arrays.equals(first.get(name), other.get(name)));
  }

  private Map<String, float[]> weights(long seed) {
    Parameters root = drawn(seed);
    new UNet(root, TinyModels.unet());
    Map<String, float[]> weights = new LinkedHashMap<>();
    root.tensors().forEach((name, x) -> weights.put(name, x.toFloats()));
    return weights;
  }

  @Test
  void residualBranchesBeginAsTheIdentity() {
    ResidualBlock block = new ResidualBlock(drawn(1), new ResidualBlock.Sizes(4, 3, 4, 2));
    Tensor x = Tensor.of(cpu, Shape.of(1, 2, 2, 4), new TorchRandom(2).randn(16));
    Tensor emb = Tensor.of(cpu, Shape.of(1, 3), 1, 2, 3);
    assertArrayEquals(x.toFloats(), block.forward(x, emb).toFloats());
  }

  @Test
  void overwritingIsStrictAndInPlace() {
    Parameters root = drawn(1);
    Linear linear = Linear.of(root, 3, 2);
    Tensor x = Tensor.of(cpu, Shape.of(1, 3), 1, 2, 3);
    Tensor weight = Tensor.of(cpu, Shape.of(2, 3), 1, 0, 0, 0, 1, 0);
    Tensor bias = Tensor.of(cpu, Shape.of(2), 5, 7);
    root.overwrite(Map.of("weight", weight, "bias", bias));
    assertArrayEquals(new float[] {6, 9}, linear.forward(x).toFloats());

    Tensor zeros = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(3));
    ParameterException e =
        assertThrows(
            ParameterException.class, () -> root.overwrite(Map.of("bias", zeros, "old", zeros)));
    assertEquals(
        "parameters don't fit the network; 1 missing: weight; 1 unexpected: old;"
            + " 1 misshapen: bias [3] instead of [2]",
        e.getMessage());
    assertArrayEquals(new float[] {6, 9}, linear.forward(x).toFloats(), "nothing was changed");
  }

  @Test
  void gradientsOfUnknownNamesAreNotPublished() {
    Parameters root = drawn(1);
    Linear.of(root, 3, 2);
    Tensor x = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(2));
    assertThrows(IllegalArgumentException.class, () -> root.published(Map.of("scale", x)));
  }
}
