// The target that owns the precompiled headers needs one source file; all is in its flags.
