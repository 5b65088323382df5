package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.FloatArithmetic.Rounding;
import dev.azimuth.kernels.emulator.Operand.Bank;
import java.util.List;
import java.util.function.IntBinaryOperator;
import java.util.function.IntToLongFunction;
import java.util.function.IntUnaryOperator;
import java.util.function.LongToIntFunction;
import java.util.function.LongUnaryOperator;

/** {@code cvt}: between the number types. */
final class ConversionDecoder {
  private final Decoder decoder;
  private final PtxInstruction instruction;
  private final PtxType to;
  private final PtxType from;
  private final boolean flush;
  private final boolean saturate;

  ConversionDecoder(Decoder decoder, PtxInstruction instruction) {
    this.decoder = decoder;
    this.instruction = instruction;
    instruction.allow("rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi", "rna", "ftz", "sat");
    List<PtxType> types = instruction.types();
    if (types.size() != 2) {
      throw instruction.unsupported("not two types");
    }
    to = types.get(0);
    from = types.get(1);
    flush = instruction.has("ftz");
    saturate = instruction.has("sat");
  }

  Step step() {
    if (to == PtxType.F16X2 || to == PtxType.BF16X2) {
      return pack();
    }
    LongUnaryOperator convert = conversion();
    Operand.Register target = register(instruction.operand(0));
    boolean wideSource =
        Decoder.isLong(instruction.operand(1))
            || (from.wide() && instruction.operand(1) instanceof Operand.Literal);
    String name = instruction + (narrow(target) ? " narrow" : "");
    int trim = narrow(target) ? 0xFFFF : -1;
    if (target.bank() == Bank.LONG) {
      return wideSource
          ? Loops.of(
              Loops.Longs1.class, name, convert, target.index(), decoder.longWord(instruction, 1))
          : Loops.of(
              Loops.Widen1.class,
              name,
              (IntToLongFunction) x -> convert.applyAsLong(x),
              target.index(),
              decoder.word(instruction, 1));
    }
    return wideSource
        ? Loops.of(
            Loops.Narrow1.class,
            name,
            (LongToIntFunction) x -> (int) convert.applyAsLong(x) & trim,
            target.index(),
            decoder.longWord(instruction, 1))
        : Loops.of(
            Loops.Words1.class,
            name,
            (IntUnaryOperator) x -> (int) convert.applyAsLong(x) & trim,
            target.index(),
            decoder.word(instruction, 1));
  }

  private Operand.Register register(Operand operand) {
    if (operand instanceof Operand.Register register && register.bank() != Bank.PREDICATE) {
      return register;
    }
    throw instruction.unsupported(operand + " is no register");
  }

  private static boolean narrow(Operand.Register register) {
    return register.type().bytes() == 2;
  }

  /** Two float32 to halves of a word, the first to the upper. */
  private Step pack() {
    if (from != PtxType.F32 || !instruction.has("rn") || saturate) {
      throw instruction.unsupported("only .rn from .f32");
    }
    IntBinaryOperator function =
        to == PtxType.F16X2
            ? (a, b) -> half(a) << 16 | half(b)
            : (a, b) -> bfloat(a) << 16 | bfloat(b);
    return Loops.of(
        Loops.Words2.class,
        instruction.toString(),
        function,
        decoder.word(instruction, 0),
        decoder.word(instruction, 1),
        decoder.word(instruction, 2));
  }

  private static int half(int floatBits) {
    return Float.floatToFloat16(Float.intBitsToFloat(floatBits)) & 0xFFFF;
  }

  private static int bfloat(int floatBits) {
    return FloatArithmetic.toBFloat16(Float.intBitsToFloat(floatBits)) & 0xFFFF;
  }

  /** From the bits of the source, in the low part of a long, to those of the result. */
  private LongUnaryOperator conversion() {
    if (from.integral()) {
      return to.integral() ? integerToInteger() : integerToFloat();
    }
    return to.integral() ? floatToInteger() : floatToFloat();
  }

  private static long integer(PtxType type, long bits) {
    return switch (type.bytes()) {
      case 8 -> bits;
      case 4 -> type.signed() ? (int) bits : bits & 0xFFFFFFFFL;
      default -> IntegerArithmetic.extend(type, (int) bits);
    };
  }

  private LongUnaryOperator integerToInteger() {
    PtxType source = from;
    PtxType target = to;
    if (!saturate) {
      return x -> integer(target, integer(source, x));
    }
    if (source.wide() && !source.signed()) {
      throw instruction.unsupported("saturation of u64");
    }
    return x -> clamp(target, integer(source, x));
  }

  private static long clamp(PtxType type, long value) {
    long max =
        type.signed()
            ? (1L << (type.bits() - 1)) - 1
            : type.wide() ? Long.MAX_VALUE : (1L << type.bits()) - 1;
    long min = type.signed() ? -max - 1 : 0;
    return Math.clamp(value, min, max);
  }

  private LongUnaryOperator integerToFloat() {
    PtxType source = from;
    Rounding rounding = FloatDecoder.rounding(instruction);
    if (saturate || (rounding != Rounding.NEAREST && (source.wide() || to != PtxType.F32))) {
      throw instruction.unsupported("this rounding");
    }
    boolean unsigned = !source.signed();
    return switch (to) {
      case F32 ->
          rounding == Rounding.NEAREST
              ? x -> Float.floatToRawIntBits(toFloat(integer(source, x), unsigned))
              : x ->
                  Float.floatToRawIntBits(FloatArithmetic.round(integer(source, x), 0, rounding));
      case F64 -> x -> Double.doubleToRawLongBits(toDouble(integer(source, x), unsigned));
      default -> throw instruction.unsupported("to " + to);
    };
  }

  /** Halves what doesn't fit a signed long, its last bit kept for the sake of rounding. */
  private static float toFloat(long value, boolean unsigned) {
    return unsigned && value < 0 ? 2f * (float) (value >>> 1 | (value & 1)) : (float) value;
  }

  private static double toDouble(long value, boolean unsigned) {
    return unsigned && value < 0 ? 2.0 * (double) (value >>> 1 | (value & 1)) : (double) value;
  }

  private double value(long bits) {
    return switch (from) {
      case F32 -> {
        float x = Float.intBitsToFloat((int) bits);
        yield flush ? FloatArithmetic.flush(x) : x;
      }
      case F64 -> Double.longBitsToDouble(bits);
      case F16 -> Float.float16ToFloat((short) bits);
      case BF16 -> FloatArithmetic.fromBFloat16((int) bits);
      default -> throw instruction.unsupported("from " + from);
    };
  }

  private LongUnaryOperator floatToInteger() {
    Rounding rounding =
        instruction.has("rni")
            ? Rounding.NEAREST
            : instruction.has("rzi")
                ? Rounding.ZERO
                : instruction.has("rmi")
                    ? Rounding.DOWN
                    : instruction.has("rpi") ? Rounding.UP : null;
    if (rounding == null || to.bytes() == 1) {
      throw instruction.unsupported("no rounding to an integer, or one of 8 bits");
    }
    value(0); // refuses a type that it doesn't know
    PtxType target = to;
    return x -> {
      double rounded = FloatArithmetic.integral(value(x), rounding);
      if (target == PtxType.U64) {
        return toUnsigned(rounded);
      }
      if (Double.isNaN(rounded)) {
        return target == PtxType.S64 ? Long.MIN_VALUE : 0;
      }
      return target == PtxType.S64 ? (long) rounded : clamp(target, (long) rounded);
    };
  }

  private static long toUnsigned(double x) {
    if (Double.isNaN(x)) {
      return Long.MIN_VALUE;
    }
    if (x < 0x1p63) {
      return Math.max(0, (long) x);
    }
    return x >= 0x1p64 ? -1 : (long) (x - 0x1p63) + Long.MIN_VALUE;
  }

  private LongUnaryOperator floatToFloat() {
    value(0); // refuses a type that it doesn't know
    if (instruction.has("rna") != (to == PtxType.TF32)) {
      throw instruction.unsupported("rna is for tf32 and tf32 for rna");
    }
    Rounding integral =
        instruction.has("rni")
            ? Rounding.NEAREST
            : instruction.has("rzi")
                ? Rounding.ZERO
                : instruction.has("rmi")
                    ? Rounding.DOWN
                    : instruction.has("rpi") ? Rounding.UP : null;
    Rounding rounding = FloatDecoder.rounding(instruction);
    if (integral != null && to != from) {
      throw instruction.unsupported("to an integer and another type at once");
    }
    return switch (to) {
      case F32 ->
          x -> {
            double source = value(x);
            double whole = integral == null ? source : FloatArithmetic.integral(source, integral);
            float result = FloatArithmetic.round(whole, 0, rounding);
            result = flush ? FloatArithmetic.flush(result) : result;
            return Float.floatToRawIntBits(saturate ? FloatArithmetic.saturate(result) : result);
          };
      case F64 -> {
        if (saturate) {
          throw instruction.unsupported("saturation of float64");
        }
        yield x ->
            Double.doubleToRawLongBits(
                integral == null ? value(x) : FloatArithmetic.integral(value(x), integral));
      }
      case F16, BF16, TF32 -> {
        boolean known = from == PtxType.F32 && rounding == Rounding.NEAREST && !saturate && !flush;
        if (!known || integral != null) {
          throw instruction.unsupported("only from .f32, to nearest");
        }
        yield switch (to) {
          case F16 -> x -> half((int) x);
          case BF16 -> x -> bfloat((int) x);
          default -> x -> FloatArithmetic.toTf32(Float.intBitsToFloat((int) x));
        };
      }
      default -> throw instruction.unsupported("to " + to);
    };
  }
}
