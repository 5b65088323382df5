package dev.azimuth.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azimuth.kernels.CudaDriver;
import dev.azimuth.kernels.DevicePointer;
import dev.azimuth.kernels.Dim3;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntBinaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tensor cores' instructions do what the PTX manual says: where a matrix's elements lie, how
 * numbers are rounded, which asynchronous copies a wait waits for.
 *
 * <p>The fragments are written down here the other way round than the manual and the emulator do,
 * from an element to its lane and register, so that no mistake is made twice alike.
 */
final class TensorInstructionsTest {
  private static final int LANES = 32;
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;

  private final EmulatedDriver driver = new EmulatedDriver(1 << 20);

  @AfterEach
  void close() {
    driver.close();
  }

  /**
   * Runs one warp. Each lane has its {@code in} words in %r0, %r1, …, its number in %r50, and gives
   * {@code outputs} words from %r20 on; there is shared memory {@code tile} of 2 KB.
   */
  private int[][] run(int[][] in, int outputs, String body) {
    int inputs = in[0].length;
    StringBuilder text =
        new StringBuilder(
            """
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry f(.param .u64 f_0, .param .u64 f_1)
            .maxntid 32, 1, 1
            {
            .reg .b32 %r<64>;
            .reg .f32 %f<16>;
            .reg .b16 %h<4>;
            .reg .b64 %rd<8>;
            .shared .align 16 .b8 tile[2048];
            ld.param.u64 %rd0, [f_0];
            ld.param.u64 %rd1, [f_1];
            mov.u32 %r50, %tid.x;
            """);
    text.append(
        "mul.wide.u32 %%rd2, %%r50, %d;\nadd.s64 %%rd2, %%rd2, %%rd0;\n".formatted(4 * inputs));
    text.append(
        "mul.wide.u32 %%rd3, %%r50, %d;\nadd.s64 %%rd3, %%rd3, %%rd1;\n".formatted(4 * outputs));
    for (int i = 0; i < inputs; i++) {
      text.append("ld.global.b32 %%r%d, [%%rd2+%d];\n".formatted(i, 4 * i));
    }
    text.append(body).append('\n');
    for (int i = 0; i < outputs; i++) {
      text.append("st.global.b32 [%%rd3+%d], %%r%d;\n".formatted(4 * i, 20 + i));
    }
    text.append("ret;\n}\n");
    int[] given = new int[LANES * inputs];
    for (int i = 0; i < given.length; i++) {
      given[i] = in[i / inputs][i % inputs];
    }
    int[] flat = launch(text.toString(), given, LANES * outputs);
    int[][] out = new int[LANES][outputs];
    for (int i = 0; i < flat.length; i++) {
      out[i / outputs][i % outputs] = flat[i];
    }
    return out;
  }

  private int[] launch(String ptx, int[] given, int outputs) {
    DevicePointer in = driver.allocate(4L * given.length);
    DevicePointer out = driver.allocate(4L * outputs);
    try (Arena arena = Arena.ofConfined();
        CudaDriver.Stream stream = driver.stream();
        CudaDriver.Module module = driver.load("test", ptx)) {
      MemorySegment there = arena.allocateFrom(ValueLayout.JAVA_INT, given);
      MemorySegment back = arena.allocate(4L * outputs, 4);
      driver.copyToDevice(in, there, stream);
      driver.launch(module.function("f"), Dim3.of(1), Dim3.of(LANES), 0, stream, List.of(in, out));
      driver.copyToHost(back, out, stream);
      stream.synchronize();
      return back.toArray(ValueLayout.JAVA_INT);
    } finally {
      driver.free(in);
      driver.free(out);
    }
  }

  /** One word for every lane: f over one word of each. */
  private int[] map(int[] words, String body) {
    int[][] in = new int[LANES][1];
    for (int lane = 0; lane < words.length; lane++) {
      in[lane][0] = words[lane];
    }
    int[][] out = run(in, 1, body);
    int[] results = new int[words.length];
    for (int lane = 0; lane < words.length; lane++) {
      results[lane] = out[lane][0];
    }
    return results;
  }

  private void assertNothingFound() {
    assertEquals(List.of(), driver.findings());
  }

  /** The types that mma multiplies, each with its shape's k. */
  private enum Element {
    TF32("tf32", 8),
    F16("f16", 16),
    BF16("bf16", 16),
    F16_SHALLOW("f16", 8),
    BF16_SHALLOW("bf16", 8);

    final String type;
    final int depth;

    Element(String type, int depth) {
      this.type = type;
      this.depth = depth;
    }

    /** Elements of one register. */
    int perWord() {
      return this == TF32 ? 1 : 2;
    }

    /** How far four lanes reach along k. */
    int reach() {
      return 4 * perWord();
    }

    int bits(float x) {
      return switch (this) {
        case TF32 -> Float.floatToRawIntBits(x);
        case F16, F16_SHALLOW -> Float.floatToFloat16(x) & 0xFFFF;
        case BF16, BF16_SHALLOW -> Float.floatToRawIntBits(x) >>> 16;
      };
    }

    /** Lane of an element of A [16, k]: each row of eight has four lanes. */
    int laneOfLeft(int row, int k) {
      return row % 8 * 4 + k % reach() / perWord();
    }

    /**
     * Its register: below the first eight rows, the next; beyond the lanes' reach, the one after.
     */
    int wordOfLeft(int row, int k) {
      return row / 8 + k / reach() * 2;
    }

    /** Lane of an element of B [k, 8]: each column has four lanes. */
    int laneOfRight(int k, int column) {
      return column * 4 + k % reach() / perWord();
    }

    int wordOfRight(int k) {
      return k / reach();
    }

    int shift(int k) {
      return perWord() == 2 ? k % 2 * 16 : 0;
    }

    String instruction() {
      return """
      mov.b32 %%f0, %%r6;
      mov.b32 %%f1, %%r7;
      mov.b32 %%f2, %%r8;
      mov.b32 %%f3, %%r9;
      mma.sync.aligned.m16n8k%d.row.col.f32.%s.%s.f32
        {%%f4, %%f5, %%f6, %%f7}, {%s}, {%s}, {%%f0, %%f1, %%f2, %%f3};
      mov.b32 %%r20, %%f4;
      mov.b32 %%r21, %%f5;
      mov.b32 %%r22, %%f6;
      mov.b32 %%r23, %%f7;
      """
          .formatted(
              depth,
              type,
              type,
              depth == reach() ? "%r0, %r1" : "%r0, %r1, %r2, %r3",
              depth == reach() ? "%r4" : "%r4, %r5");
    }
  }

  /** Lane and register of an element of the accumulator [16, 8], the same for all types. */
  private static int laneOfSum(int row, int column) {
    return row % 8 * 4 + column / 2;
  }

  private static int wordOfSum(int row, int column) {
    return row / 8 * 2 + column % 2;
  }

  /** A B + C by one mma. */
  private float[][] multiply(Element element, float[][] a, float[][] b, float[][] c) {
    int[][] in = new int[LANES][10];
    for (int k = 0; k < element.depth; k++) {
      for (int row = 0; row < ROWS; row++) {
        in[element.laneOfLeft(row, k)][element.wordOfLeft(row, k)] |=
            element.bits(a[row][k]) << element.shift(k);
      }
      for (int column = 0; column < COLUMNS; column++) {
        in[element.laneOfRight(k, column)][4 + element.wordOfRight(k)] |=
            element.bits(b[k][column]) << element.shift(k);
      }
    }
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        in[laneOfSum(row, column)][6 + wordOfSum(row, column)] =
            Float.floatToRawIntBits(c[row][column]);
      }
    }
    int[][] out = run(in, 4, element.instruction());
    float[][] d = new float[ROWS][COLUMNS];
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        d[row][column] = Float.intBitsToFloat(out[laneOfSum(row, column)][wordOfSum(row, column)]);
      }
    }
    return d;
  }

  /** Small whole numbers, which every type and every order of summing keeps exact. */
  private static float[][] whole(Random random, int rows, int columns) {
    float[][] x = new float[rows][columns];
    for (float[] row : x) {
      for (int i = 0; i < columns; i++) {
        row[i] = random.nextInt(-9, 10);
      }
    }
    return x;
  }

  private static float[][] product(float[][] a, float[][] b, float[][] c) {
    float[][] d = new float[ROWS][COLUMNS];
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        double sum = c[row][column];
        for (int k = 0; k < b.length; k++) {
          sum += (double) a[row][k] * b[k][column];
        }
        d[row][column] = (float) sum;
      }
    }
    return d;
  }

  @ParameterizedTest
  @EnumSource(Element.class)
  void mmaMultipliesMatricesLaidOutAsTheManualSays(Element element) {
    Random random = new Random(element.depth);
    for (int i = 0; i < 4; i++) {
      float[][] a = whole(random, ROWS, element.depth);
      float[][] b = whole(random, element.depth, COLUMNS);
      float[][] c = whole(random, ROWS, COLUMNS);
      assertArrayEquals(product(a, b, c), multiply(element, a, b, c));
    }
    assertNothingFound();
  }

  /** A single product, x y + z, of the corner of the matrices. */
  private float multiply(Element element, float x, float y, float z) {
    float[][] a = new float[ROWS][element.depth];
    float[][] b = new float[element.depth][COLUMNS];
    float[][] c = new float[ROWS][COLUMNS];
    a[ROWS - 1][element.depth - 1] = x;
    b[element.depth - 1][COLUMNS - 1] = y;
    c[ROWS - 1][COLUMNS - 1] = z;
    return multiply(element, a, b, c)[ROWS - 1][COLUMNS - 1];
  }

  @Test
  void mmaRoundsNoProductBelowFloat32() {
    float half = 1 + 0x1p-10f; // one and the last bit of float16 and tf32
    float brain = 1 + 0x1p-7f; // and of bfloat16
    assertEquals(1 + 0x1p-9f + 0x1p-20f, multiply(Element.F16, half, half, 0));
    assertEquals(1 + 0x1p-9f + 0x1p-20f, multiply(Element.TF32, half, half, 0));
    assertEquals(1 + 0x1p-6f + 0x1p-14f, multiply(Element.BF16, brain, brain, 0));
    // beyond float16's range, which sums in float32 don't share
    assertEquals(0x1p30f, multiply(Element.F16, 0x1p15f, 0x1p15f, 0));
    assertEquals(0x1p-48f, multiply(Element.F16, 0x1p-24f, 0x1p-24f, 0)); // subnormals count
  }

  @Test
  void mmaAccumulatesInFloat32() {
    for (Element element : Element.values()) {
      assertEquals(0x1p24f + 2, multiply(element, 2, 1, 0x1p24f));
      assertEquals(0x1p24f, multiply(element, 0.5f, 1, 0x1p24f));
      assertEquals(0f, multiply(element, -1, 1, 1));
      assertEquals(Float.POSITIVE_INFINITY, multiply(element, Float.POSITIVE_INFINITY, 1, 0));
      assertEquals(Float.NaN, multiply(element, Float.POSITIVE_INFINITY, 0, 0));
      assertEquals(Float.NaN, multiply(element, 1, 1, Float.NaN));
    }
  }

  @Test
  void mmaIgnoresWhatTf32DoesNotHold() {
    assertEquals(1f, multiply(Element.TF32, 1 + 0x1p-11f, 1, 0));
    assertEquals(1f, multiply(Element.TF32, 1, 1 + 0x1p-10f - 0x1p-23f, 0));
    assertEquals(1 + 0x1p-10f, multiply(Element.TF32, 1, 1 + 0x1p-10f, 0));
  }

  private void assertConverts(String body, float[] from, int[] wanted) {
    int[] words = new int[from.length];
    for (int i = 0; i < from.length; i++) {
      words[i] = Float.floatToRawIntBits(from[i]);
    }
    assertArrayEquals(wanted, map(words, body));
  }

  @Test
  void tf32IsRoundedToNearestAndTiesAway() {
    float[] from = {
      1,
      1 + 0x1p-11f,
      -1 - 0x1p-11f,
      1 + 0x1p-11f - 0x1p-23f,
      1 + 3 * 0x1p-11f,
      2 - 0x1p-23f,
      Float.MAX_VALUE,
      Float.NEGATIVE_INFINITY,
      0x1p-149f,
      -0f
    };
    float[] wanted = {
      1,
      1 + 0x1p-10f,
      -1 - 0x1p-10f,
      1,
      1 + 0x1p-9f,
      2,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      0,
      -0f
    };
    int[] bits = new int[wanted.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(wanted[i]);
    }
    assertConverts("cvt.rna.tf32.f32 %r20, %r0;", from, bits);
  }

  @Test
  void bfloat16IsRoundedToNearestAndTiesToEven() {
    float[] from = {
      1,
      1 + 0x1p-8f,
      1 + 3 * 0x1p-8f,
      1 + 0x1p-8f + 0x1p-23f,
      -1 - 3 * 0x1p-8f,
      Float.MAX_VALUE,
      Float.NEGATIVE_INFINITY,
      0x1p-133f,
      0x1p-134f
    };
    int[] wanted = {0x3F80, 0x3F80, 0x3F82, 0x3F81, 0xBF82, 0x7F80, 0xFF80, 0x0001, 0x0000};
    assertConverts("cvt.rn.bf16.f32 %h0, %r0;\ncvt.u32.u16 %r20, %h0;", from, wanted);
  }

  @Test
  void float16IsRoundedToNearestAndTiesToEven() {
    float[] from = {
      1,
      1 + 0x1p-11f,
      1 + 3 * 0x1p-11f,
      1 + 0x1p-11f + 0x1p-23f,
      -1 - 3 * 0x1p-11f,
      65519,
      65520,
      0x1p-24f,
      0x1p-25f,
      3 * 0x1p-26f
    };
    int[] wanted = {0x3C00, 0x3C00, 0x3C02, 0x3C01, 0xBC02, 0x7BFF, 0x7C00, 0x0001, 0x0000, 0x0001};
    assertConverts("cvt.rn.f16.f32 %h0, %r0;\ncvt.u32.u16 %r20, %h0;", from, wanted);
  }

  @Test
  void aPairsFirstNumberGoesToTheUpperHalf() {
    float[] from = {1, 2, 3 * 0x1p-8f + 1};
    assertConverts(
        "mov.b32 %r1, 0f3F000000;\ncvt.rn.bf16x2.f32 %r20, %r0, %r1;",
        from, new int[] {0x3F803F00, 0x40003F00, 0x3F823F00});
    assertConverts(
        "mov.b32 %r1, 0f3F000000;\ncvt.rn.f16x2.f32 %r20, %r0, %r1;",
        from, new int[] {0x3C003800, 0x40003800, 0x3C0C3800});
  }

  /** Matrices of 8 by 8 halves one after another: matrix m has 100 m + 10 row + column. */
  private static final String FILL_MATRICES =
      """
      mul.lo.u32 %r51, %r50, 32;
      mov.u32 %r52, tile;
      add.u32 %r53, %r52, %r51;
      st.shared.v4.b32 [%r53], {%r0, %r1, %r2, %r3};
      st.shared.v4.b32 [%r53+16], {%r4, %r5, %r6, %r7};
      bar.warp.sync -1;
      """;

  private static int[][] matrices(IntBinaryOperator element) {
    int[][] in = new int[LANES][8];
    for (int i = 0; i < 4 * 64; i++) {
      int matrix = i / 64;
      int value = 100 * matrix + element.applyAsInt(i / 8 % 8, i % 8);
      in[i / 16][i % 16 / 2] |= value << (16 * (i % 2));
    }
    return in;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void ldmatrixDealsRowsOfEightHalvesToFourLanesEach(int count) {
    for (boolean transposed : new boolean[] {false, true}) {
      // lane l of the first 8 count gives row l % 8 of matrix l / 8, stored backwards
      String registers = count == 1 ? "%r20" : count == 2 ? "%r20, %r21" : "%r20, %r21, %r22, %r23";
      int[][] out =
          run(
              matrices((row, column) -> 10 * (7 - row) + column),
              count,
              FILL_MATRICES
                  + """
                  shr.u32 %%r54, %%r50, 3;
                  and.b32 %%r55, %%r50, 7;
                  sub.u32 %%r55, 7, %%r55;
                  mad.lo.u32 %%r56, %%r54, 128, %%r52;
                  mad.lo.u32 %%r56, %%r55, 16, %%r56;
                  ldmatrix.sync.aligned.m8n8.x%d%s.shared.b16 {%s}, [%%r56];
                  """
                      .formatted(count, transposed ? ".trans" : "", registers));
      for (int matrix = 0; matrix < count; matrix++) {
        for (int row = 0; row < 8; row++) {
          for (int column = 0; column < 8; column++) {
            int lane = (transposed ? column : row) * 4 + (transposed ? row : column) / 2;
            int half = (transposed ? row : column) % 2;
            assertEquals(
                100 * matrix + 10 * row + column,
                (out[lane][matrix] >>> (16 * half)) & 0xFFFF,
                "matrix %d, row %d, column %d".formatted(matrix, row, column));
          }
        }
      }
    }
    assertNothingFound();
  }

  @Test
  void ldmatrixFeedsMma() {
    // A [16, 16] and B [16, 8] row by row in shared memory; B is transposed on its way.
    Random random = new Random(5);
    float[][] a = whole(random, 16, 16);
    float[][] b = whole(random, 16, COLUMNS);
    int[][] in = new int[LANES][12];
    for (int i = 0; i < 256; i++) {
      in[i / 16][i % 16 / 2] |= Element.F16.bits(a[i / 16][i % 16]) << (16 * (i % 2));
    }
    for (int i = 0; i < 128; i++) {
      in[16 + i / 16][i % 16 / 2] |= Element.F16.bits(b[i / 8][i % 8]) << (16 * (i % 2));
    }
    int[][] out =
        run(
            in,
            4,
            FILL_MATRICES
                + """
                and.b32 %r54, %r50, 15;
                shr.u32 %r55, %r50, 4;
                mad.lo.u32 %r56, %r54, 32, %r52;
                mad.lo.u32 %r56, %r55, 16, %r56;
                ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%r56];
                mad.lo.u32 %r57, %r54, 16, %r52;
                ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r4, %r5}, [%r57+512];
                mov.b32 %r6, 0;
                mov.b32 %r7, 0;
                mov.b32 %r8, 0;
                mov.b32 %r9, 0;
                """
                + Element.F16.instruction());
    float[][] d = new float[ROWS][COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      int row = i / COLUMNS;
      int column = i % COLUMNS;
      d[row][column] = Float.intBitsToFloat(out[laneOfSum(row, column)][wordOfSum(row, column)]);
    }
    assertArrayEquals(product(a, b, new float[ROWS][COLUMNS]), d);
    assertNothingFound();
  }

  /** Two copies of four bytes a lane, to tile and 128 bytes on, each followed by what is given. */
  private static String copies(String afterFirst, String afterSecond, int from) {
    return """
    mul.lo.u32 %%r51, %%r50, 4;
    mov.u32 %%r52, tile;
    add.u32 %%r53, %%r52, %%r51;
    mov.b32 %%r54, 7;
    st.shared.b32 [%%r53], %%r54;
    st.shared.b32 [%%r53+128], %%r54;
    cp.async.ca.shared.global [%%r53], [%%rd2], 4;
    %s
    cp.async.ca.shared.global [%%r53+128], [%%rd2+4], 4;
    %s
    ld.shared.b32 %%r20, [%%r53+%d];
    """
        .formatted(afterFirst, afterSecond, from);
  }

  private Set<Finding.Kind> kinds() {
    return driver.findingList().stream().map(Finding::kind).collect(Collectors.toSet());
  }

  private static final String COMMIT = "cp.async.commit_group;";

  @ParameterizedTest
  @CsvSource({
    // which copy is read, and whether its group was waited for
    "commit, commit wait 1, 0, true",
    "commit, commit wait 1, 128, false",
    "commit, commit wait 0, 128, true",
    "commit, wait 0, 0, true",
    "commit, wait 0, 128, false", // it is in no group yet
    "commit, wait_all, 128, true", // which waits for that as well
    "none, commit wait 0, 0, true", // both are in one group
    "commit, commit commit wait 1, 128, true", // an empty group counts
    "commit, commit commit wait 2, 0, true",
    "commit, commit commit wait 2, 128, false",
    "none, none, 0, false",
  })
  void aWaitWaitsForTheOldestGroups(String first, String second, int from, boolean isThere) {
    int[][] in = new int[LANES][2];
    for (int lane = 0; lane < LANES; lane++) {
      in[lane] = new int[] {1000 + lane, 2000 + lane};
    }
    int[][] out = run(in, 1, copies(code(first), code(second), from));
    int base = from == 0 ? 1000 : 2000;
    for (int lane = 0; lane < LANES; lane++) {
      assertEquals(isThere ? base + lane : 7, out[lane][0]);
    }
    assertEquals(isThere ? Set.of() : Set.of(Finding.Kind.ASYNC_COPY_NOT_AWAITED), kinds());
  }

  private static String code(String words) {
    return words
        .replace("wait_all", "cp.async.wait_all;")
        .replaceAll("\\bwait (\\d)", "cp.async.wait_group $1;")
        .replaceAll("\\bcommit\\b(?!_)", COMMIT)
        .replace("none", "");
  }

  @Test
  void aCopyFillsWithZerosWhatItsSourceLacks() {
    int[][] in = new int[LANES][4];
    for (int lane = 0; lane < LANES; lane++) {
      in[lane] = new int[] {11, 12, 13, 14};
    }
    int[][] out =
        run(
            in,
            4,
            """
            mul.lo.u32 %r51, %r50, 16;
            mov.u32 %r52, tile;
            add.u32 %r53, %r52, %r51;
            mov.b32 %r54, 8;
            cp.async.cg.shared.global [%r53], [%rd2], 16, %r54;
            cp.async.wait_all;
            ld.shared.v4.b32 {%r20, %r21, %r22, %r23}, [%r53];
            """);
    assertArrayEquals(new int[] {11, 12, 0, 0}, out[31]);
    assertNothingFound();
  }
}
