package dev.azimuth.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.DdimSchedule.Rule;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Zero123Test {
  private static final int SIZE = TinyModels.model().imageSize();
  private static final int PIXELS = SIZE * SIZE * 3;
  private static final Sampling SAMPLING = new Sampling(Rule.REFERENCE, 5, 2, 1);

  /** Random weights for every parameter, zero-initialised ones included: nothing stays hidden. */
  private static Map<String, ParameterSource.Stored> weights() {
    try (Backend cpu = CpuBackend.scalar(1)) {
      ModelConfig config = TinyModels.model();
      Parameters root = Parameters.initialized(cpu, DType.FLOAT32, new TorchRandom(3));
      new UNet(root.at("model").at("diffusion_model"), config.unet());
      AutoencoderKl autoencoder =
          new AutoencoderKl(root.at("first_stage_model"), config.autoencoder());
      ClipVision clip =
          new ClipVision(root.at("cond_stage_model").at("model").at("visual"), config.clip());
      config
          .conditioner()
          .build(
              root.at("cc_projection"),
              new ViewEncoder(autoencoder, clip, config.clipResize()),
              config.unet().contextDim());
      TorchRandom random = new TorchRandom(4);
      Map<String, ParameterSource.Stored> random01 = new LinkedHashMap<>();
      root.published()
          .forEach(
              (name, stored) -> {
                float[] values = random.randn(stored.shape().size());
                for (int i = 0; i < values.length; i++) {
                  values[i] *= 0.3f;
                }
                random01.put(name, new ParameterSource.Stored(stored.shape(), values));
              });
      return random01;
    }
  }

  private static float[] synthesize(int threads, Sampling sampling, long... seeds) {
    try (Backend cpu = CpuBackend.simd(threads)) {
      Zero123 model = new Zero123(cpu, TinyModels.model(), ParameterSource.of(weights()));
      float[] images = new float[seeds.length * PIXELS];
      float[] one = new TorchRandom(9).rand(PIXELS);
      double[] poses = new double[seeds.length * 4];
      for (int i = 0; i < seeds.length; i++) {
        System.arraycopy(one, 0, images, i * PIXELS, PIXELS);
        System.arraycopy(new double[] {0.1, 0.5, -0.8, 0.2}, 0, poses, i * 4, 4);
      }
      Tensor image = Tensor.of(cpu, Shape.of(seeds.length, SIZE, SIZE, 3), images);
      Tensor pose = Tensor.of(cpu, DType.FLOAT32, Shape.of(seeds.length, 4), poses);
      return model.synthesize(image, pose, sampling, seeds, (_, _) -> {}).toFloats();
    }
  }

  @Test
  void aSeedGivesTheSameBitsOnAnyThreads() {
    float[] one = synthesize(1, SAMPLING, 7);
    assertArrayEquals(one, synthesize(2, SAMPLING, 7));
    assertArrayEquals(one, synthesize(3, SAMPLING, 7));
    assertFalse(Arrays.equals(one, synthesize(1, SAMPLING, 8)));
  }

  @Test
  void aSampleDoesNotDependOnItsBatch() {
    float[] batch = synthesize(2, SAMPLING, 5, 7, 6);
    float[] second = Arrays.copyOfRange(batch, PIXELS, 2 * PIXELS);
    assertArrayEquals(synthesize(2, SAMPLING, 7), second, 1e-4f);
    assertFalse(Arrays.equals(second, Arrays.copyOfRange(batch, 0, PIXELS)));
  }

  /** ε_u + scale (ε_c - ε_u), for a network whose two branches differ. */
  @Test
  void guidanceWeighsBothBranches() {
    try (Backend cpu = CpuBackend.scalar(1)) {
      Zero123 model = new Zero123(cpu, TinyModels.model(), ParameterSource.of(weights()));
      Tensor image = Tensor.of(cpu, Shape.of(1, SIZE, SIZE, 3), new TorchRandom(9).rand(PIXELS));
      Tensor pose = Tensor.of(cpu, Shape.of(1, 4), 0.1f, 0.5f, -0.8f, 0.2f);
      Conditioning with = model.conditioner().condition(image, pose);
      Conditioning without = with.unconditional();
      Tensor x = Tensor.of(cpu, Shape.of(1, 8, 8, 2), new TorchRandom(1).randn(128));
      Tensor c = NoisePredictor.of(model.unet(), with).predict(x, 400);
      Tensor u = NoisePredictor.of(model.unet(), without).predict(x, 400);
      Tensor guided = NoisePredictor.guided(model.unet(), with, without, 3).predict(x, 400);
      assertArrayEquals(u.add(c.sub(u).mul(3)).toFloats(), guided.toFloats(), 1e-5f);
      assertFalse(Arrays.equals(c.toFloats(), u.toFloats()));
      Tensor plain = NoisePredictor.guided(model.unet(), with, without, 1).predict(x, 400);
      assertArrayEquals(c.toFloats(), plain.toFloats());
    }
  }

  @Test
  void refusesPicturesAndPosesThatDoNotFit() {
    try (Backend cpu = CpuBackend.scalar(1)) {
      Zero123 model = new Zero123(cpu, TinyModels.model(), ParameterSource.of(weights()));
      Tensor image = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(1, SIZE, SIZE, 3));
      Tensor pose = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(1, 4));
      Tensor small = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(1, 8, 8, 3));
      Tensor three = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(1, 3));
      List<ShapeException> refused = new ArrayList<>();
      refused.add(
          assertThrows(
              ShapeException.class,
              () -> model.synthesize(small, pose, SAMPLING, new long[] {1}, (_, _) -> {})));
      refused.add(
          assertThrows(
              ShapeException.class,
              () -> model.synthesize(image, three, SAMPLING, new long[] {1}, (_, _) -> {})));
      assertEquals(small.shape(), refused.get(0).shapes().get(0));
      assertEquals(three.shape(), refused.get(1).shapes().get(0));
    }
  }

  @Test
  void aSavedModelLoadsBack(@TempDir Path folder) throws IOException {
    Zero123.save(folder, TinyModels.model(), weights(), ElementType.F32);
    try (Backend cpu = CpuBackend.scalar(1)) {
      assertEquals(TinyModels.model(), Zero123.open(cpu, folder).config());
    }
  }

  @Test
  void aModelThatLacksAParameterIsRefusedByName(@TempDir Path folder) throws IOException {
    Map<String, ParameterSource.Stored> weights = weights();
    weights.remove("cc_projection.bias");
    Zero123.save(folder, TinyModels.model(), weights, ElementType.F32);
    try (Backend cpu = CpuBackend.scalar(1)) {
      FileFormatException refused =
          assertThrows(FileFormatException.class, () -> Zero123.open(cpu, folder));
      String message = String.valueOf(refused.getMessage());
      assertTrue(message.contains("1 missing: cc_projection.bias"), message);
      assertTrue(message.startsWith(folder.resolve("model.safetensors").toString()), message);
    }
  }

  /** Weights that half precision holds exactly are computed with as if they rested in float32. */
  @Test
  void halvedWeightsGiveTheSameBits() {
    Map<String, ParameterSource.Stored> exact = new LinkedHashMap<>();
    weights()
        .forEach(
            (name, stored) -> {
              float[] values = new float[stored.values().length];
              for (int i = 0; i < values.length; i++) {
                values[i] = Float.float16ToFloat(Float.floatToFloat16(stored.values()[i]));
              }
              exact.put(name, new ParameterSource.Stored(stored.shape(), values));
            });
    List<float[]> made = new ArrayList<>();
    for (Parameters.Storage storage : Parameters.Storage.values()) {
      try (Backend cpu = CpuBackend.simd(2)) {
        ParameterSource source = ParameterSource.of(exact);
        Zero123 model = new Zero123(cpu, TinyModels.model(), source, storage);
        Tensor image = Tensor.of(cpu, Shape.of(1, SIZE, SIZE, 3), new TorchRandom(9).rand(PIXELS));
        Tensor pose = Tensor.of(cpu, Shape.of(1, 4), 0.1f, 0.5f, -0.8f, 0.2f);
        long[] seed = {7};
        made.add(model.synthesize(image, pose, SAMPLING, seed, (_, _) -> {}).toFloats());
      }
    }
    assertArrayEquals(made.get(0), made.get(1));
  }

  @Test
  void parameterShapesAreThoseOfTheWeights() {
    Map<String, Shape> expected = new LinkedHashMap<>();
    weights().forEach((name, stored) -> expected.put(name, stored.shape()));
    assertEquals(expected, Zero123.parameterShapes(TinyModels.model()));
  }

  /** The published sizes, counted: UNet, and autoencoder and image encoder beside it. */
  @Test
  void thePublishedModelHasItsNumberOfParameters() throws IOException {
    ModelConfig config =
        Configuration.read(Path.of("../../models/full-size/config.json"), ModelConfig.class);
    long unet = 0;
    for (Map.Entry<String, Shape> parameter : Zero123.parameterShapes(config).entrySet()) {
      unet += parameter.getKey().startsWith("model.") ? parameter.getValue().size() : 0;
    }
    assertEquals(859_532_484, unet);
  }

  @Test
  void weightsMayFollowFromASeed(@TempDir Path folder) throws IOException {
    String json = Configuration.format(TinyModels.model());
    String seeded =
        json.substring(0, json.lastIndexOf('}'))
            + ", \"weights\": {\"rule\": \"torch.randn\", \"seed\": 5}}";
    Files.writeString(folder.resolve("config.json"), seeded);
    try (Backend cpu = CpuBackend.scalar(1)) {
      Zero123 model = Zero123.open(cpu, folder);
      List<String> names = new ArrayList<>(Zero123.parameterShapes(model.config()).keySet());
      Collections.sort(names);
      int number = names.indexOf("cc_projection.weight");
      float[] weight = new TorchRandom(5 + number).randn(6 * 9);
      Tensor embedding = Tensor.of(cpu, Shape.of(1, 5), 1, 0, 0, 0, 0);
      Tensor zero = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(1, 5));
      Tensor pose = Tensor.zeros(cpu, DType.FLOAT32, Shape.of(1, 4));
      Zero123Conditioner conditioner = (Zero123Conditioner) model.conditioner();
      Tensor column =
          conditioner.token(embedding, pose).token().sub(conditioner.token(zero, pose).token());
      for (int row = 0; row < 6; row++) {
        assertEquals(weight[row * 9] / 3, column.toFloats()[row], 1e-6f);
      }
    }
  }
}
