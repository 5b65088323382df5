package dev.azimuth.tensor;

/** Element-wise functions of two variables; comparisons give 1 where they hold and 0 elsewhere. */
public enum BinaryFunction {
  ADD {
    @Override
    public double value(double a, double b) {
      return a + b;
    }
  },
  SUBTRACT {
    @Override
    public double value(double a, double b) {
      return a - b;
    }
  },
  MULTIPLY {
    @Override
    public double value(double a, double b) {
      return a * b;
    }
  },
  DIVIDE {
    @Override
    public double value(double a, double b) {
      return a / b;
    }
  },
  MAXIMUM {
    @Override
    public double value(double a, double b) {
      return Math.max(a, b);
    }
  },
  MINIMUM {
    @Override
    public double value(double a, double b) {
      return Math.min(a, b);
    }
  },
  LESS {
    @Override
    public double value(double a, double b) {
      return a < b ? 1 : 0;
    }
  },
  LESS_OR_EQUAL {
    @Override
    public double value(double a, double b) {
      return a <= b ? 1 : 0;
    }
  },
  GREATER {
    @Override
    public double value(double a, double b) {
      return a > b ? 1 : 0;
    }
  },
  GREATER_OR_EQUAL {
    @Override
    public double value(double a, double b) {
      return a >= b ? 1 : 0;
    }
  },
  EQUAL {
    @Override
    public double value(double a, double b) {
      return a == b ? 1 : 0;
    }
  },
  NOT_EQUAL {
    @Override
    public double value(double a, double b) {
      return a != b ? 1 : 0;
    }
  };

  /** f(a, b). */
  public abstract double value(double a, double b);

  /** Whether this is a comparison, whose derivative is zero everywhere. */
  public boolean isComparison() {
    return ordinal() >= LESS.ordinal();
  }
}
