const later = async (): Promise<void> => {
  await Promise.resolve()
}

later()
