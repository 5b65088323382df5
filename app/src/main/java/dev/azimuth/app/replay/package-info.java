/** Records of reference implementations, computed again and compared. */
@NullMarked
package dev.azimuth.app.replay;

import org.jspecify.annotations.NullMarked;
