# Nix: an overlay with nixpkgs' qemu_kvm and the patch beside this file
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The patch is for one minor version of QEMU: docs/howto/other-distributions.rst

final: prev: {
  qemu-igd-rmrr =
    if prev.lib.hasPrefix "@SERIES@." prev.qemu_kvm.version then
      prev.qemu_kvm.overrideAttrs (old: {
        pname = "qemu-igd-rmrr";
        patches = (old.patches or [ ]) ++ [ ./igd-rmrr.patch ];
      })
    else
      throw "igd-rmrr.patch is for QEMU @SERIES@, and qemu_kvm is ${prev.qemu_kvm.version}";
}
